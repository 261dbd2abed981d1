import EnergyModel
import Testing

@testable import EnergyDispatch

struct ArbitrationTests {
  private static let battery = ControlledQuantity.battery("hybrid")

  private func says(_ rule: String, _ precedence: RuleClass, _ interval: Interval?, wish: Wish.Target? = nil)
    -> Statement
  {
    var contribution = Contribution()
    if let interval {
      contribution.limits = [Limit(quantity: Self.battery, interval: interval, cause: rule, reason: Reason(rule))]
    }
    contribution.wishes = wish.map { [Wish(quantity: Self.battery, target: $0, purpose: Reason(rule))] } ?? []
    return Statement(rule: rule, precedence: precedence, contribution: contribution)
  }

  private func resolve(_ statements: Statement...) -> Resolution {
    Arbitration([(Self.battery, Interval(-5000, 5000))]).resolve(statements)[0]
  }

  @Test func limitsAreIntersected() {
    let result = resolve(
      says("a", .economics, .atMost(3000)), says("b", .deviceProtection, .atMost(4000)),
      says("c", .contract, .atLeast(-1000)))
    #expect(result.allowed == Interval(-1000, 3000))
    #expect(result.upperBy?.rule == "a")
    #expect(result.lowerBy?.rule == "c")
    #expect(result.bounds.allSatisfy { $0.holds })
  }

  @Test func theWeakerClassYieldsWhateverTheOrder() {
    let strong = says("strong", .siteProtection, .atLeast(1000))
    let weak = says("weak", .backupReserve, .atMost(0))
    for result in [resolve(strong, weak), resolve(weak, strong)] {
      #expect(result.allowed == Interval(1000, 1000))
      #expect(result.bounds.map(\.holds) == [true, false])
      #expect(result.bounds[1].yieldedTo == "strong")
    }
  }

  @Test func theStrongestWishIsClamped() {
    let result = resolve(
      says("plan", .ownersPlan, nil, wish: .value(4000)), says("economics", .economics, nil, wish: .value(-4000)),
      says("protection", .deviceProtection, .atMost(2500)))
    #expect(result.winner?.rule == "plan")
    #expect(result.target == 2500)
    #expect(result.owner == "protection")
  }

  @Test func askingForMoreThanThereIsIsNoConflict() {
    let result = resolve(says("fuse", .siteProtection, .atLeast(9000)))
    #expect(result.allowed == Interval(5000, 5000))
    #expect(result.bounds[0].holds)
  }

  @Test func aRuleThatYieldedStillStandsInTheWay() {
    let result = resolve(
      says("protection", .deviceProtection, .atMost(500)), says("fuse", .siteProtection, .atLeast(1000)),
      says("reserve", .backupReserve, .atMost(0)))
    #expect(result.allowed == Interval(500, 500))
    #expect(result.bounds.map(\.yieldedTo) == [nil, "protection", "fuse"])
  }
}
