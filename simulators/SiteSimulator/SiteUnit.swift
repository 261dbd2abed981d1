/// One device of the simulated site, as a unit among others.
struct SiteUnit: UnitImage {
  var bench: SiteBench
  let device: SiteBench.Device
  let unit: UInt8

  mutating func answer(_ request: ModbusRequest) throws(ModbusException) -> ModbusReply {
    try bench.answer(request, from: device, unit: unit)
  }

  mutating func restoreSettings(of earlier: any UnitImage) {
    guard let earlier = earlier as? SiteUnit else { return }
    bench.restoreSettings(of: device, from: earlier.bench)
  }

  var latency: Duration { device.latency(unit: unit) }
  /// A small device takes one.
  var mostClients: Int { device == .wallBox ? 1 : 16 }

  func register(of point: String) -> RegisterTarget? {
    switch device {
    case .inverter:
      guard let place = Self.inverter[point], let model = SunSpecChain.address(of: place.model) else { return nil }
      return RegisterTarget(.holding, model + place.offset, place.type)
    case .meter: return Self.meter[point].map { RegisterTarget(.input, $0, .float32) }
    case .wallBox: return Self.wallBox[point].map { RegisterTarget(.holding, $0, .uint32) }
    case .relay: return nil
    }
  }

  private static let inverter: [String: (model: Int, offset: Int, type: WireType)] = [
    "power_w": (103, 14, .int16), "voltage_l1_v": (103, 10, .uint16), "frequency_hz": (103, 16, .uint16),
    "energy_produced_wh": (103, 24, .acc32), "pv1_power_w": (160, 21, .uint16), "pv2_power_w": (160, 41, .uint16),
    "soc_percent": (802, 11, .uint16), "battery_voltage_v": (802, 34, .uint16), "battery_current_a": (802, 44, .int16),
  ]
  private static let meter: [String: Int] = [
    "voltage_l1_v": 0, "voltage_l2_v": 2, "voltage_l3_v": 4, "current_l1_a": 6, "current_l2_a": 8, "current_l3_a": 10,
    "power_l1_w": 12, "power_l2_w": 14, "power_l3_w": 16, "power_w": 52, "frequency_hz": 70, "energy_import_wh": 72,
    "energy_export_wh": 74,
  ]
  private static let wallBox: [String: Int] = [
    "charging_state": 1000, "power_w": 1020, "energy_import_wh": 1036, "charging_current_limit_a": 1100,
  ]
}
