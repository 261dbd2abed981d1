import EnergyModel

/// Reads points of a snapshot the way protection needs it: what cannot be true is unknown.
struct PointReader {
  var snapshot: SiteSnapshot

  /// What one device told, looked up once for all of its points.
  struct Device {
    let points: PointMap<Observation>
    let now: MonotonicInstant

    /// A read that timed out says nothing against the value before it: that one counts until it is too
    /// old, so that a single lost answer moves nothing. Any other remark makes it unknown at once.
    func value(_ point: Point, _ maximumAge: Duration) -> Double? {
      points[point].flatMap { value($0, point, maximumAge) }
    }

    func value(_ found: Observation, _ point: Point, _ maximumAge: Duration) -> Double? {
      guard found.quality == .good || found.quality == .timeout,
        let measured = found.measured?.monotonic, now - measured <= maximumAge,
        let value = found.value, value.isFinite, point.plausibleRange.contains(value)
      else { return nil }
      return value
    }

    func measured(_ point: Point) -> MonotonicInstant? { points[point]?.measured?.monotonic }

    func sensed(_ point: Point, _ maximumAge: Duration) -> Sensed {
      guard let observation = points[point], observation.quality != .notImplemented else { return .absent }
      return value(observation, point, maximumAge).map(Sensed.known) ?? .unknown
    }
  }

  func device(_ device: DeviceID) -> Device {
    Device(points: snapshot.observations[device] ?? [:], now: snapshot.now.monotonic)
  }

  func value(_ device: DeviceID, _ point: Point, _ maximumAge: Duration) -> Double? {
    self.device(device).value(point, maximumAge)
  }

  func sensed(_ device: DeviceID, _ point: Point, _ maximumAge: Duration) -> Sensed {
    self.device(device).sensed(point, maximumAge)
  }

  func grid(_ meter: SiteParameters.GridMeter, phases: Int) -> SiteView.Grid {
    let read = device(meter.device)
    var isUndirected = false
    let currents = (0..<min(phases, 3)).map { phase -> Double? in
      let (current, power) =
        phase == 0 ? (Point.currentL1, Point.powerL1) : phase == 1 ? (.currentL2, .powerL2) : (.currentL3, .powerL3)
      guard let amperes = read.value(current, meter.maximumAge) else { return nil }
      let direction = read.value(power, meter.maximumAge)
      if direction == nil { isUndirected = true }
      return direction ?? 1 < 0 ? -amperes.magnitude : amperes.magnitude
    }
    return SiteView.Grid(
      power: read.value(.power, meter.maximumAge), currents: currents, isUndirected: isUndirected,
      measured: read.measured(.power),
      importCounter: read.sensed(.energyImport, meter.maximumAge))
  }

  func hybrid(_ hybrid: SiteParameters.Hybrid) -> SiteView.Hybrid {
    let age = hybrid.maximumAge
    let read = device(hybrid.device)
    let hasCells = hybrid.battery?.cellWindow != nil
    return SiteView.Hybrid(
      device: hybrid.device, acPower: read.value(.power, age), pvPower: read.value(.pvPower, age),
      batteryPower: read.value(.batteryPower, age), soc: read.sensed(.soc, age),
      temperature: read.sensed(.batteryTemperature, age), chargeMax: read.sensed(.chargePowerMax, age),
      dischargeMax: read.sensed(.dischargePowerMax, age), alarms: read.sensed(.alarms, age),
      cellMax: hasCells ? read.sensed(.cellVoltageMax, age) : .absent,
      cellMin: hasCells ? read.sensed(.cellVoltageMin, age) : .absent,
      batteryMeasured: read.measured(.batteryPower), islanded: read.sensed(.islanded, age))
  }

  func relay(_ load: DeviceID, _ maximumAge: Duration) -> SiteView.Relay {
    let read = device(load)
    let isOn = read.value(.relayOn, maximumAge).map { $0 >= 0.5 }
    return SiteView.Relay(device: load, isOn: isOn, measured: isOn == nil ? nil : read.measured(.relayOn))
  }

  typealias PowerSource = (device: DeviceID, maximumAge: Duration)

  /// A consumer gives nothing: below the error of a meter, W, the sign is wrong, and nobody knows what it takes.
  static let leastConsumption = -100.0

  private func consumption(_ source: PowerSource) -> (power: Double?, seemsToFeedIn: Bool) {
    let told = value(source.device, .power, source.maximumAge)
    let isWrong = told.map { $0 < Self.leastConsumption } ?? false
    return (isWrong ? nil : told, isWrong)
  }

  func charger(_ charger: SiteParameters.Charger, _ meter: PowerSource) -> SiteView.Charger {
    let age = charger.maximumAge
    let read = device(charger.device)
    let state = read.value(.chargingState, age)
    let consumption = consumption(meter)
    return SiteView.Charger(
      device: charger.device, power: consumption.power,
      currentLimit: read.value(.chargingCurrentLimit, age), phases: read.value(.chargingPhases, age).map { Int($0) },
      isConnected: state.map { $0 >= 1 }, isHeard: state != nil || read.value(.power, age) != nil,
      seemsToFeedIn: consumption.seemsToFeedIn)
  }

  func heatPump(_ pump: SiteParameters.HeatPump, _ meter: PowerSource) -> SiteView.HeatPump {
    let state = value(pump.device, .heatPumpState, pump.maximumAge).map { Int($0) }
    let measured = snapshot.observation(pump.device, .heatPumpState)?.measured?.monotonic
    let consumption = consumption(meter)
    return SiteView.HeatPump(
      device: pump.device, power: consumption.power, state: state, measured: state == nil ? nil : measured,
      seemsToFeedIn: consumption.seemsToFeedIn)
  }
}

extension SiteParameters {
  /// Whose power tells what a consumer takes: a meter of its own, or else itself.
  func powerSource(of device: DeviceID, _ maximumAge: Duration) -> PointReader.PowerSource {
    subMeters.first { $0.measures == device }.map { ($0.device, $0.maximumAge) } ?? (device, maximumAge)
  }
}
