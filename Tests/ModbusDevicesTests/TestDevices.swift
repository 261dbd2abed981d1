import DeviceProfile
import EnergyModel
import TestKit

@testable import ModbusDevices

/// Devices as the tests need them, quick to time out.
enum TestDevices {
  static let rules = ReadingRules(maximumGap: 0, timeout: .milliseconds(250))

  static func field(_ address: Int, _ space: RegisterSpace = .holding, _ type: RegisterType = .uint16) -> RegisterField
  {
    RegisterField(address: .absolute(space, address), type: type)
  }

  /// Power in holding 0, frequency in holding 20, the production limit in holding 40 and 41, a serial
  /// number in holding 60...63, a relay in coil 0.
  static let meter = DeviceProfile(
    name: "meter", title: "Meter", source: "none", confidence: .single, reading: rules,
    points: [
      PointDefinition(.power, [.init(field(0))]), PointDefinition(.frequency, [.init(field(20))]),
    ],
    serial: TextField(address: .absolute(.holding, 60), length: 4),
    commands: [
      CommandDefinition(
        name: "production", parameters: [.productionLimit], onExpiry: .open, reversion: .seconds(60),
        writes: [
          RegisterWrite(
            start: .absolute(.holding, 40),
            values: [.parameter(.productionLimit, field: field(40), percentOf: nil), .reversionTime])
        ]),
      CommandDefinition(
        name: "relay", parameters: [.relayOn], onExpiry: .hold, reversion: nil,
        writes: [
          RegisterWrite(
            start: .absolute(.coil, 0), values: [.parameter(.relayOn, field: field(0, .coil, .bit), percentOf: nil)])
        ]),
    ])

  /// The meter with more patience than a busy machine needs.
  static func patientMeter(_ timeout: Duration) -> DeviceProfile {
    var profile = meter
    profile.reading.timeout = timeout
    return profile
  }

  /// A SunSpec inverter: power in model 103, the limit in model 123 as percent of model 120's rating.
  static let inverter = DeviceProfile(
    name: "inverter", title: "Inverter", source: "SunSpec", confidence: .vendor, isSunSpec: true, reading: rules,
    points: [PointDefinition(.power, [.init(sunSpec(103, 14, .int16, factor: 15))])],
    commands: [
      CommandDefinition(
        name: "production", parameters: [.productionLimit], onExpiry: .open, reversion: .seconds(60),
        writes: [
          RegisterWrite(
            start: .sunSpec(model: 123, offset: 5),
            values: [
              .parameter(
                .productionLimit, field: sunSpec(123, 5, .uint16, factor: 23),
                percentOf: sunSpec(120, 3, .uint16, factor: 4))
            ])
        ])
    ])

  static func sunSpec(_ model: Int, _ offset: Int, _ type: RegisterType, factor: Int) -> RegisterField {
    RegisterField(
      address: .sunSpec(model: model, offset: offset), type: type,
      scale: .factor(.sunSpec(model: model, offset: factor), times: 1))
  }

  static func serveMeter(_ server: FaultyServer, unit: Int = 1, power: UInt16 = 1500) {
    server.set([power], at: 0, unit: unit)
    server.set([50], at: 20, unit: unit)
    server.set([0, 0], at: 40, unit: unit)
    server.set([0x3431, 0x3137, 0, 0], at: 60, unit: unit)
    server.set([0], at: 0, .coil, unit: unit)
  }

  /// Where the models are, with a common model of `common` registers.
  static func serveInverter(_ server: FaultyServer, common: Int = 66, power: UInt16 = 2345) {
    var registers: [UInt16] = [0x5375, 0x6E53]
    func model(_ id: UInt16, _ length: Int, _ values: [Int: UInt16] = [:]) {
      registers += [id, UInt16(length)] + (2..<length + 2).map { values[$0] ?? 0 }
    }
    model(1, common)
    model(103, 50, [14: power, 15: 0xFFFF])
    model(120, 26, [3: 10000, 4: 0])
    model(123, 24, [5: 10000, 23: 0xFFFE])
    server.set(registers + [0xFFFF, 0], at: 40000)
  }

  static func device(
    _ id: DeviceID = "meter", _ profile: DeviceProfile = meter, unit: Int = 1, serial: String? = nil,
    period: Duration = .milliseconds(20), mayWrite: Bool = true
  ) -> BusDevice {
    BusDevice(id: id, profile: profile, unit: unit, serial: serial, period: period, mayWrite: mayWrite)
  }

  static func bus(_ port: Int, _ devices: [BusDevice], _ recorder: Recorder, host: String = "127.0.0.1") -> ModbusBus {
    ModbusBus(
      name: "test", .tcp(host: host, port: port), devices: devices, time: SystemTime(), samples: recorder,
      reports: recorder, events: recorder)
  }

  static func command(
    _ id: UInt64, _ kind: SetpointKind, _ value: Double, device: DeviceID = "meter", expires: Duration = .seconds(60)
  ) -> SetpointCommand {
    let now = SystemTime().now().monotonic
    return SetpointCommand(
      id: id, device: device,
      setpoints: [Setpoint(device: device, kind: kind, value: value, owner: "test", expires: now + expires)])
  }
}
