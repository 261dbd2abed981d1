import EnergyDispatch
import EnergyModel
import SiteSimulator

/// What devices tell of the plant: measured in each step, with the time of measurement.
struct Sensors: Sendable {
  private typealias Told = (point: Point, value: Double)

  private(set) var observations: FlatMap<DeviceID, PointMap<Observation>> = [:]
  /// How much later than all else the meter at the connection tells what it measured, s.
  var meterLag = 0.0
  private var imported = 0.0
  private var exported = 0.0
  private var waiting: [(measured: Moment, values: [Told])] = []
  private var frozenSince: [DeviceID: Double] = [:]

  /// - Parameter faults: of inputs, by device; at most one each.
  mutating func measure(
    _ plant: Plant, _ circumstances: Circumstances, seconds: Double, second: Double, at now: Moment,
    _ faults: [DeviceID: InputFault]
  ) {
    let site = plant.description.parameters
    for device in frozenSince.keys where faults[device] != .frozen { frozenSince[device] = nil }
    imported += max(0, plant.state.grid.total) * seconds / 3600
    exported += max(0, -plant.state.grid.total) * seconds / 3600
    func tell(_ device: DeviceID, _ values: [Told], measured: Moment) {
      guard let fault = faults[device] else {
        store(device, values, measured)
        return
      }
      spoil(device, values, measured, fault, second: second)
    }
    if let meter = site.gridMeter {
      let values = meterValues(plant.state, site.fuse?.phases ?? 3)
      if let late = delayed(values, at: now, seconds: seconds) {
        tell(meter.device, late.values, measured: late.measured)
      }
    }
    for hybrid in plant.hybrids {
      tell(hybrid.site.device, Self.values(hybrid, plant.state, circumstances), measured: now)
    }
    for load in plant.loads { tell(load.site.device, [(.relayOn, load.isOn ? 1 : 0)], measured: now) }
    for charger in plant.chargers {
      let values: [Told] = [
        (.power, charger.power), (.chargingState, charger.state), (.chargingCurrentLimit, charger.told),
        (.chargingPhases, Double(charger.phases)),
      ]
      tell(charger.site.device, values, measured: now)
    }
    for pump in plant.heatPumps {
      tell(pump.site.device, [(.heatPumpState, Double(pump.state)), (.power, pump.power)], measured: now)
    }
    for channel in site.channels {
      guard case .contact(let device, _) = channel.kind else { continue }
      tell(device, [(.contact, circumstances.activeContacts.contains(device) ? 1 : 0)], measured: now)
    }
    if let generator = site.generator { tell(generator.device, [(.power, plant.state.generator)], measured: now) }
    for meter in site.subMeters {
      if let power = plant.power(behind: meter) { tell(meter.device, [(.power, power)], measured: now) }
    }
  }

  /// Of the meter: the newest values that are at least ``meterLag`` old. Within one long step the plant stands still,
  /// so that its values are those of the lag before as well.
  private mutating func delayed(
    _ values: [Told], at now: Moment, seconds: Double
  ) -> (measured: Moment, values: [Told])? {
    guard meterLag > 0 else { return (now, values) }
    guard seconds <= meterLag else {
      var measured = now
      measured.monotonic = now.monotonic - .milliseconds(Int64(meterLag * 1000))
      measured.wall = now.wall - .milliseconds(Int64(meterLag * 1000))
      return (measured, values)
    }
    waiting.append((now, values))
    let due = now.monotonic - .milliseconds(Int64(meterLag * 1000))
    guard let place = waiting.lastIndex(where: { $0.measured.monotonic <= due }) else { return nil }
    waiting.removeFirst(place)
    return waiting[0]
  }

  private mutating func store(_ device: DeviceID, _ values: [Told], _ measured: Moment) {
    Self.store(values, measured, &observations[device, default: [:]])
  }

  private static func store(_ values: [Told], _ measured: Moment, _ points: inout PointMap<Observation>) {
    for (point, value) in values {
      points[point] = Observation(value: value, quality: .good, measured: measured)
    }
  }

  private mutating func spoil(
    _ device: DeviceID, _ values: [Told], _ measured: Moment, _ fault: InputFault, second: Double
  ) {
    switch fault {
    case .stale: break
    case .silent: mark(device, .timeout)
    case .exception: mark(device, .exception)
    case .nan: store(device, values.map { ($0.point, .nan) }, measured)
    case .negated:
      store(device, values.map { ($0.point, Self.isSigned($0.point) ? -$0.value : $0.value) }, measured)
    case .scaled:
      store(device, values.map { ($0.point, Self.isSigned($0.point) ? $0.value / 10 : $0.value) }, measured)
    case .frozen:
      let since = frozenSince[device] ?? second
      frozenSince[device] = since
      let quality: Quality = second - since >= 60 ? .frozen : .good
      observations[device] = observations[device]?.mapValues {
        Observation(value: $0.value, quality: quality, measured: measured)
      }
    }
  }

  private mutating func mark(_ device: DeviceID, _ quality: Quality) {
    observations[device] = observations[device]?.mapValues {
      Observation(value: $0.value, quality: quality, measured: $0.measured)
    }
  }

  private static func isSigned(_ point: Point) -> Bool {
    switch point {
    case .power, .powerL1, .powerL2, .powerL3, .currentL1, .currentL2, .currentL3, .batteryPower: true
    default: false
    }
  }

  private func meterValues(_ state: Plant.State, _ phases: Int) -> [Told] {
    let volts = 230.0
    let grid = state.grid
    let values: [Told] = [
      (.power, grid.total), (.powerL1, grid.l1), (.currentL1, abs(grid.l1) / volts), (.voltageL1, volts),
      (.frequency, state.frequency), (.energyImport, imported), (.energyExport, exported), (.powerL2, grid.l2),
      (.powerL3, grid.l3), (.currentL2, abs(grid.l2) / volts), (.currentL3, abs(grid.l3) / volts),
    ]
    return phases > 1 ? values : Array(values.prefix(7))
  }

  private static func values(
    _ hybrid: PlantHybrid, _ state: Plant.State, _ circumstances: Circumstances
  ) -> [Told] {
    let inverter = hybrid.inverter
    guard hybrid.hasBattery else {
      return [
        (.power, inverter.ac), (.pvPower, inverter.pv), (.islanded, state.isGridPresent ? 0 : 1),
        (.frequency, state.frequency),
      ]
    }
    let cells = inverter.battery.cellVoltages
    return [
      (.power, inverter.ac), (.pvPower, inverter.pv), (.islanded, state.isGridPresent ? 0 : 1),
      (.frequency, state.frequency), (.batteryPower, hybrid.batteryPower), (.soc, hybrid.soc),
      (.batteryTemperature, inverter.battery.temperature),
      (.chargePowerMax, hybrid.chargeMax), (.dischargePowerMax, hybrid.dischargeMax),
      (.alarms, circumstances.alarms[hybrid.site.device] ?? 0), (.cellVoltageMax, cells.upperBound),
      (.cellVoltageMin, cells.lowerBound),
    ]
  }
}

extension Plant {
  /// Share of the household that hangs on a meter of a part of the house.
  private static let shareOfPart = 0.3

  /// What a meter below the one at the connection sees, W.
  func power(behind meter: SiteParameters.SubMeter) -> Double? {
    if let measured = meter.measures { return power(of: measured) }
    let below = description.parameters.subMeters.filter { $0.parent == meter.device }
    return below.reduce(Self.shareOfPart * state.household.total) { $0 + (power(behind: $1) ?? 0) }
  }

  /// What a device takes or feeds, W.
  func power(of device: DeviceID) -> Double? {
    if let hybrid = hybrids.first(where: { $0.site.device == device }) { return hybrid.inverter.ac }
    if let load = loads.first(where: { $0.site.device == device }) { return load.power }
    if let charger = chargers.first(where: { $0.site.device == device }) { return charger.power }
    return heatPumps.first { $0.site.device == device }?.power
  }
}
