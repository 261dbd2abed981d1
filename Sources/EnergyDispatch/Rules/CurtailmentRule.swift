import EnergyModel

/// Feeds nothing in while it would cost money: `Σ ac ≤ Σ ac now + grid` while the sell price is below zero, shared by rating.
/// What the house, cars and batteries take is produced all the same. Class: economics.
///
/// While nobody vouches for the clock, while a reading is missing, and on an island there is no bound.
struct CurtailmentRule: Rule {
  static let name = "curtail-negative"

  let tariff: SiteParameters.Tariff
  let hybrids: [SiteParameters.Hybrid]
  var name: String { Self.name }
  let subject = ""
  var precedence: RuleClass { .economics }

  init(site: SiteParameters, tariff: SiteParameters.Tariff) {
    self.tariff = tariff
    hybrids = site.hybrids.filter { $0.pvPeak > .zero }
  }

  func evaluate(_ input: RuleInput, _ memory: inout NoMemory) -> Contribution {
    guard input.now.isClockTrusted, !input.view.isIslanded, let grid = input.view.grid?.power else {
      return Contribution()
    }
    let price = tariff.sellPrice(at: LocalClock(input.now.wall, input.zone).minuteOfDay)
    guard price < 0 else { return Contribution() }
    var sum = 0.0
    var whole = 0.0
    for hybrid in hybrids {
      guard let power = input.view.hybrid(hybrid.device)?.acPower else { return Contribution() }
      sum += power
      whole += hybrid.acLimit.value
    }
    let allowed = max(0, sum + grid)
    let reason: Reason = "feeding in is paid with \(price: price)"
    return Contribution(
      limits: hybrids.compactMap { hybrid in
        let share = allowed * hybrid.acLimit.value / max(1, whole)
        guard share < hybrid.acLimit.value else { return nil }
        return Limit(
          quantity: .production(hybrid.device), interval: .atMost(share), cause: "negative price", reason: reason)
      })
  }
}
