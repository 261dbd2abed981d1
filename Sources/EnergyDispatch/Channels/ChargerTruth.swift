import EnergyModel

/// A charger is told a current, and what that takes depends on the voltage: 230 V nominal, 207 to 253 V permitted
/// (EN 50160). So the most that a charger took of what it was told, once it had time to follow, counts from then on.
///
/// One that does not answer takes all it can until its own timer has let it fall back, and its failsafe current then.
struct ChargerTruth: Hashable, Sendable {
  private struct Record: Hashable, Sendable {
    var current = 0.0
    var since: MonotonicInstant?
    var factor = 1.0
    var silentSince: MonotonicInstant?
  }

  /// A car follows within this time.
  private static let settled: Duration = .seconds(10)
  /// A charger's timer may have begun this much after it was last heard.
  private static let late: Duration = .seconds(10)
  private static let most = 1.1
  private static let deadBand = 0.005

  private var records: [Record] = []

  init() {}

  /// What is taken for each watt that the charger is told, 1...1.1. Never less again: a car may take more any time.
  func factor(_ place: Int) -> Double { place < records.count ? records[place].factor : 1 }

  /// What a charger takes that cannot be told anything now, W; nil where it can.
  func beyondControl(
    _ place: Int, _ charger: SiteParameters.Charger, _ seen: SiteView.Charger?, at now: MonotonicInstant
  ) -> Double? {
    if let reversion = charger.reversion {
      if seen?.isHeard == true { return nil }
      if place < records.count, let since = records[place].silentSince, now - since >= reversion + Self.late {
        return SiteParameters.Charger.power(charger.failsafeCurrent, phases: charger.phases.count)
      }
    }
    return seen?.power ?? charger.maximumPower
  }

  mutating func observe(_ chargers: [SiteParameters.Charger], _ view: SiteView) {
    while records.count < chargers.count { records.append(Record()) }
    let now = view.now.monotonic
    for (place, charger) in chargers.enumerated() {
      let isSilent = view.charger(charger.device)?.isHeard != true
      records[place].silentSince = isSilent ? records[place].silentSince ?? now : nil
      guard let seen = view.charger(charger.device), let told = seen.currentLimit, told > 0, let power = seen.power
      else {
        records[place].since = nil
        continue
      }
      if records[place].since == nil || (told - records[place].current).magnitude > 0.05 {
        records[place].current = told
        records[place].since = now
      }
      guard let since = records[place].since, now - since >= Self.settled else { continue }
      let nominal = SiteParameters.Charger.power(told, phases: charger.phases.count)
      let factor = min(Self.most, max(1, power / nominal))
      if factor > records[place].factor + Self.deadBand { records[place].factor = factor }
    }
  }
}
