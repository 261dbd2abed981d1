import EnergyModel

/// One lease whose effect is measured: by which point, and what its values permit.
struct EffectSubject: Sendable {
  private enum Kind: Sendable {
    case battery(rating: Double)
    case production(rating: Double)
    case charger(phases: Int)
    case relay
  }

  let key: LeaseKey
  let meter: DeviceID
  let point: Point
  let lag: Duration
  let maximumAge: Duration
  /// How long a confirmed setpoint holds.
  let reversion: Duration
  /// A change of what is permitted shows at the meter within this time.
  var settles: Duration { lag + maximumAge }
  private let kind: Kind

  /// A relay keeps its place by itself.
  var isLatching: Bool { key.part == .relay }

  static func all(_ site: SiteParameters) -> [EffectSubject] {
    var subjects: [EffectSubject] = []
    for hybrid in site.hybrids {
      if let battery = hybrid.battery, let reversion = hybrid.batteryReversion {
        let rating = max(battery.maximumCharge.value, battery.maximumDischarge.value)
        subjects.append(
          EffectSubject(
            key: LeaseKey(device: hybrid.device, part: .battery), meter: hybrid.device, point: .batteryPower,
            lag: hybrid.batteryTerms.lag, maximumAge: hybrid.maximumAge, reversion: reversion,
            kind: .battery(rating: rating)))
      }
      if let reversion = hybrid.productionReversion {
        subjects.append(
          EffectSubject(
            key: LeaseKey(device: hybrid.device, part: .production), meter: hybrid.device, point: .power,
            lag: hybrid.productionTerms.lag, maximumAge: hybrid.maximumAge, reversion: reversion,
            kind: .production(rating: hybrid.acLimit.value)))
      }
    }
    for charger in site.chargers {
      guard let reversion = charger.reversion else { continue }
      let meter = site.powerSource(of: charger.device, charger.maximumAge)
      subjects.append(
        EffectSubject(
          key: LeaseKey(device: charger.device, part: .charger), meter: meter.device, point: .power,
          lag: charger.terms.lag, maximumAge: max(charger.maximumAge, meter.maximumAge), reversion: reversion,
          kind: .charger(phases: charger.phases.count)))
    }
    for load in site.loads {
      guard let meter = site.subMeters.first(where: { $0.measures == load.device }) else { continue }
      subjects.append(
        EffectSubject(
          key: LeaseKey(device: load.device, part: .relay), meter: meter.device, point: .power, lag: .seconds(2),
          maximumAge: meter.maximumAge, reversion: .zero, kind: .relay))
    }
    return subjects
  }

  func permitted(_ values: [WantedLease.Value]) -> ClosedRange<Double> {
    func value(_ kind: SetpointKind) -> Double { values.first { $0.kind == kind }?.value ?? .infinity }
    switch kind {
    case .battery(let rating):
      let more = EffectWatch.tolerance(rating)
      // A power that is told has a limit below zero on the other side; a full battery that does less is right all the same.
      return -max(0, value(.chargeLimit)) - more...max(0, value(.dischargeLimit)) + more
    case .production(let rating): return -.infinity...value(.productionLimit) + EffectWatch.tolerance(rating)
    case .charger(let phases): return -.infinity...EffectWatch.charging(value(.chargingCurrent), phases: phases)
    case .relay: return value(.relayOn) < 0.5 ? EffectWatch.off : -.infinity...(.infinity)
    }
  }
}
