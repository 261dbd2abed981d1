import EnergyModel

/// What one battery can be asked for, as far as it is known now. Powers and energies at the busbar.
struct OfferedBattery {
  /// Of DC to AC, on the safe side: inverters lose 3 to 8 %.
  private static let efficiency = 0.9
  /// Kept out at either end, %: the rules that closed there open again only this far inside.
  private static let margin = 2.0
  /// As in ``DeviceProtectionRule``, K.
  private static let temperatureMargin = 2.0

  let device: DeviceID
  let battery: SiteParameters.Battery
  /// Below the upper end, Wh.
  let room: Double
  /// The most it takes, W.
  let takes: Double
  let isGridCharged: Bool
  /// State of charge, %.
  private let soc: Double
  private let gives: Double
  private let acLimit: Double
  private let pvPeak: Double

  /// Nil where it may not be written or something that protects it is unknown.
  init?(_ hybrid: SiteParameters.Hybrid, _ view: SiteView) {
    guard let battery = hybrid.battery, hybrid.batteryReversion != nil, let seen = view.hybrid(hybrid.device),
      let soc = seen.soc.value, seen.batteryPower != nil, seen.temperature != .unknown, seen.chargeMax != .unknown,
      seen.dischargeMax != .unknown, seen.alarms != .unknown, seen.alarms.value ?? 0 == 0
    else { return nil }
    if let celsius = seen.temperature.value {
      let window = battery.temperatureWindow
      guard celsius >= window.lowerBound + Self.temperatureMargin,
        celsius <= window.upperBound - Self.temperatureMargin
      else { return nil }
    }
    let percent = battery.usable.value / 100
    let ceiling = battery.socWindow.upperBound - Self.margin
    device = hybrid.device
    self.battery = battery
    self.soc = soc
    room = max(0, ceiling - soc) * percent
    gives = min(battery.maximumDischarge.value, seen.dischargeMax.value ?? .infinity) * Self.efficiency
    takes = min(battery.maximumCharge.value, seen.chargeMax.value ?? .infinity, hybrid.acLimit.value)
    isGridCharged = battery.gridCharging == .allowed
    acLimit = hybrid.acLimit.value
    pvPeak = hybrid.pvPeak.value
  }

  /// Above a reserve (%), Wh.
  func stored(above reserve: Double) -> Double {
    let floor = max(battery.socWindow.lowerBound, reserve) + Self.margin
    return max(0, soc - floor) / 100 * battery.usable.value * Self.efficiency
  }

  /// Whether it is charged up to a raised reserve, %.
  func isCharged(to raised: Double?) -> Bool { isGridCharged && soc < raised ?? 0 }

  /// The most it gives while the strings, which pass through the same inverter, give `production`, W.
  func gives(beside production: Double) -> Double { max(0, min(gives, acLimit - min(production, pvPeak))) }
}

/// What the connection has room for, and the loads that may be taken off it.
struct OfferedConnection {
  private static let nominalVoltage = FuseRule.nominalVoltage
  /// Of the fuse's rating: below it the fuse rule has let go of the batteries.
  private static let ofFuse = 0.85

  /// The most that may flow out of the grid, W, and as far as the fuse goes into it.
  let `import`: Double
  /// The feed-in cap alone, as its rule keeps it, W; infinite without one.
  private let cap: Double
  /// Of what inverters are bound to, below a limit of the export, W.
  private let margin: Double
  /// Of all strings, W peak, and the production at which the first inverter is full: each has its share of it.
  private let peak: Double
  private let passing: Double
  private let loads: [SiteParameters.SheddableLoad]
  private let baseLoad: Double

  init(_ site: SiteParameters, _ view: SiteView) {
    var room = 0.0
    let currents = (view.grid?.currents ?? []).compactMap { $0 }
    if let fuse = site.fuse, currents.count == fuse.phases, let worst = currents.max(), let least = currents.min() {
      // How uneven the phases are now; batteries load all of them alike.
      let mean = currents.reduce(0, +) / Double(fuse.phases)
      let uneven = max(worst - mean, mean - least)
      room = max(0, Self.ofFuse * fuse.rating.value - uneven) * Self.nominalVoltage * Double(fuse.phases)
    }
    `import` = room
    cap = site.feedIn.map { FeedInRule(site: site, cap: $0).kept } ?? .infinity
    margin = FeedInRule.margin(site.hybrids)
    let peak = site.hybrids.reduce(0) { $0 + $1.pvPeak.value }
    self.peak = peak
    passing =
      site.hybrids.filter { $0.pvPeak > .zero }.map { $0.acLimit.value * (peak / $0.pvPeak.value) }.min() ?? .infinity
    loads = site.loads.filter { !$0.isCritical && view.relay($0.device)?.isOn == true }
    baseLoad = site.baseLoad.value
  }

  /// The most of the sun that inverters, house and feed-in cap take while the batteries rest, W.
  private func passes(_ expected: Flexibility.Expected, _ ahead: LimitsAhead) -> Double {
    min(passing, max(0, expected.load.lowerBound + cap(ahead)))
  }

  /// The feed-in cap, or a limit of the export below it, W.
  private func cap(_ ahead: LimitsAhead) -> Double { min(cap, ahead.export - margin) }

  /// The most that may flow into the grid, W.
  func export(_ ahead: LimitsAhead) -> Double { min(`import`, cap(ahead)) }

  /// The most that the strings may give to who takes it, W. Of what is held down nobody knows how much it is.
  func sun(_ expected: Flexibility.Expected, _ ahead: LimitsAhead) -> Double {
    let upper = expected.pv.upperBound
    return upper > passes(expected, ahead) ? max(upper, peak) : upper
  }

  /// The most that would be curtailed while the batteries rest, W.
  func curtailed(_ expected: Flexibility.Expected, _ ahead: LimitsAhead) -> Double {
    max(0, sun(expected, ahead) - passes(expected, ahead))
  }

  /// What shedding relieves, W. No meter tells what a load takes: together they take no more than the site does
  /// above its base load. A load may have been switched on just now.
  /// - Parameter ordered: loads that are off by order anyway.
  func shed(_ expected: Flexibility.Expected, after wait: Duration, besides ordered: Set<DeviceID>) -> Double {
    let free = loads.filter { $0.minimumOn <= wait && !ordered.contains($0.device) }
    let rated = free.reduce(0) { $0 + $1.rated.value }
    return min(rated, max(0, expected.load.lowerBound - baseLoad))
  }
}
