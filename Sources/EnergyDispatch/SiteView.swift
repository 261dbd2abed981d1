import EnergyModel

/// What is known of one point. A device that has no such point is another matter than one that fell
/// silent.
enum Sensed: Hashable, Sendable {
  case known(Double)
  /// Too old, failed, or impossible.
  case unknown
  /// The device never told it or says that it has none.
  case absent

  var value: Double? {
    if case .known(let value) = self { value } else { nil }
  }
}

/// The snapshot as control sees it: only values that are good, possible and young enough.
struct SiteView: Sendable {
  struct Grid: Sendable {
    /// Import +, W.
    var power: Double?
    /// One for each phase of the fuse, import +, A. A current without the direction of its phase counts
    /// as import, the worst case.
    var currents: [Double?]
  }

  struct Hybrid: Sendable {
    var device: DeviceID
    var acPower: Double?
    var pvPower: Double?
    /// Discharge +, W.
    var batteryPower: Double?
    var soc: Sensed
    var temperature: Sensed
    var chargeMax: Sensed
    var dischargeMax: Sensed
    var alarms: Sensed
    /// True when the device told at least its AC power or its state of charge in time.
    var isHeard: Bool { acPower != nil || soc.value != nil }
  }

  struct Relay: Sendable {
    var device: DeviceID
    /// Nil while the relay does not say.
    var isOn: Bool?
    var measured: MonotonicInstant?
  }

  var now: Moment
  var grid: Grid?
  var hybrids: [Hybrid]
  var relays: [Relay]
  /// What the site consumes, W ≥ 0, from readings taken together: `grid + Σ hybrids`. Nil where one of
  /// them is missing or the sum cannot be.
  var load: Double?

  func hybrid(_ device: DeviceID) -> Hybrid? { hybrids.first { $0.device == device } }
  func relay(_ device: DeviceID) -> Relay? { relays.first { $0.device == device } }
}

extension SiteView {
  /// Readings further apart than this do not add up to a load.
  private static let together: Duration = .seconds(2)
  /// A negative sum this small is the meters' error.
  private static let meterError = 100.0
  /// How old a relay's state may be.
  private static let relayAge: Duration = .seconds(10)

  init(_ snapshot: SiteSnapshot, _ site: SiteParameters) {
    let reader = PointReader(snapshot: snapshot)
    now = snapshot.now
    grid = site.gridMeter.map { reader.grid($0, phases: site.fuse?.phases ?? 3) }
    hybrids = site.hybrids.map(reader.hybrid)
    relays = site.loads.map { load in
      let isOn = reader.value(load.device, .relayOn, Self.relayAge).map { $0 >= 0.5 }
      let measured = snapshot.observation(load.device, .relayOn)?.measured?.monotonic
      return Relay(device: load.device, isOn: isOn, measured: isOn == nil ? nil : measured)
    }
    load = Self.load(reader, site)
  }

  private static func load(_ reader: PointReader, _ site: SiteParameters) -> Double? {
    guard let meter = site.gridMeter else { return nil }
    let sources = [(meter.device, meter.maximumAge)] + site.hybrids.map { ($0.device, $0.maximumAge) }
    var sum = 0.0
    var instants: [MonotonicInstant] = []
    for (device, age) in sources {
      guard let power = reader.value(device, .power, age),
        let measured = reader.snapshot.observation(device, .power)?.measured?.monotonic
      else { return nil }
      sum += power
      instants.append(measured)
    }
    guard let first = instants.min(), let last = instants.max(), last - first <= together, sum > -meterError
    else { return nil }
    return max(0, sum)
  }
}

/// Reads points of a snapshot the way protection needs it: what cannot be true is unknown.
struct PointReader {
  var snapshot: SiteSnapshot

  /// A read that timed out says nothing against the value before it: that one counts until it is too
  /// old, so that a single lost answer moves nothing. Any other remark makes it unknown at once.
  func value(_ device: DeviceID, _ point: Point, _ maximumAge: Duration) -> Double? {
    snapshot.observation(device, point).flatMap { value($0, point, maximumAge) }
  }

  private func value(_ found: Observation, _ point: Point, _ maximumAge: Duration) -> Double? {
    guard found.quality == .good || found.quality == .timeout,
      let measured = found.measured?.monotonic, snapshot.now.monotonic - measured <= maximumAge,
      let value = found.value, value.isFinite, point.plausibleRange.contains(value)
    else { return nil }
    return value
  }

  func sensed(_ device: DeviceID, _ point: Point, _ maximumAge: Duration) -> Sensed {
    guard let observation = snapshot.observation(device, point), observation.quality != .notImplemented
    else { return .absent }
    return value(observation, point, maximumAge).map(Sensed.known) ?? .unknown
  }

  func grid(_ meter: SiteParameters.GridMeter, phases: Int) -> SiteView.Grid {
    let points: [(Point, Point)] = [(.currentL1, .powerL1), (.currentL2, .powerL2), (.currentL3, .powerL3)]
    let currents = points.prefix(phases).map { current, power -> Double? in
      guard let amperes = value(meter.device, current, meter.maximumAge) else { return nil }
      let direction = value(meter.device, power, meter.maximumAge) ?? 1
      return direction < 0 ? -amperes.magnitude : amperes.magnitude
    }
    return SiteView.Grid(power: value(meter.device, .power, meter.maximumAge), currents: currents)
  }

  func hybrid(_ hybrid: SiteParameters.Hybrid) -> SiteView.Hybrid {
    let device = hybrid.device
    let age = hybrid.maximumAge
    return SiteView.Hybrid(
      device: device, acPower: value(device, .power, age), pvPower: value(device, .pvPower, age),
      batteryPower: value(device, .batteryPower, age), soc: sensed(device, .soc, age),
      temperature: sensed(device, .batteryTemperature, age), chargeMax: sensed(device, .chargePowerMax, age),
      dischargeMax: sensed(device, .dischargePowerMax, age), alarms: sensed(device, .alarms, age))
  }
}
