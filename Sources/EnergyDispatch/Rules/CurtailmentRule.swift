import EnergyModel

/// Feeds nothing in while it would cost money: `Σ ac ≤ Σ ac + grid` while the sell price is below zero, shared as a feed-in cap
/// is (see ``FeedInRule/shares(_:_:_:)``): what lies in the shade needs no part of it.
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
    let powers = hybrids.compactMap { input.view.hybrid($0.device)?.acPower }
    guard powers.count == hybrids.count else { return Contribution() }
    let ratings = hybrids.map(\.acLimit.value)
    let shares = FeedInRule.shares(
      max(0, input.view.netLoad(besides: hybrids) ?? powers.reduce(0, +) + grid), powers, ratings)
    let reason: Reason = "feeding in is paid with \(price: price)"
    return Contribution(
      limits: zip(hybrids, shares).compactMap { hybrid, share in
        guard share < hybrid.acLimit.value else { return nil }
        return Limit(
          quantity: .production(hybrid.device), interval: .atMost(share), cause: "negative price", reason: reason)
      })
  }
}
