import EnergyModel
import TestKit
import Testing

@testable import EnergyDispatch

struct NoticesTests {
  /// At these seconds a limit asks for 3 kW of discharging where protection allows 2.
  private static func told(_ conflicts: [Int], until end: Int) -> [Int] {
    let quantity = ControlledQuantity.battery(Scene.hybrid)
    let arbitration = Arbitration([(quantity, Interval(-5000, 5000))])
    func statement(_ rule: String, _ precedence: RuleClass, _ interval: Interval) -> Statement {
      let limit = Limit(quantity: quantity, interval: interval, cause: rule, reason: "it is tried")
      return Statement(rule: rule, precedence: precedence, contribution: Contribution(limits: [limit]))
    }
    var notices = Notices()
    var seconds: [Int] = []
    for second in 0..<end {
      let wanted: Interval = .atLeast(conflicts.contains(second) ? 3000 : 0)
      let resolutions = arbitration.resolve([
        statement("protection", .deviceProtection, .atMost(2000)), statement("limit", .legalLimit, wanted),
      ])
      let now = Moment(
        wall: Timestamp(milliseconds: Int64(second) * 1000),
        monotonic: MonotonicInstant(nanoseconds: Int64(second) * 1_000_000_000), isClockTrusted: true)
      let view = SiteView(SiteSnapshot(now: now), House.site())
      let events = notices.events([], resolutions, safeState: nil, view, isMonitor: false)
      if events.contains(where: { $0.name == "conflict" }) { seconds.append(second) }
    }
    return seconds
  }

  @Test func aConflictIsToldOnce() {
    #expect(Self.told(Array(5..<50), until: 60) == [5])
  }

  /// A power near a bound lets a conflict come and go each second: that is one conflict, until it has been away for ten minutes.
  @Test func aConflictThatFlickersIsToldOnce() {
    let flicker = Array(stride(from: 10, to: 400, by: 2))
    #expect(Self.told(flicker + [900, 1600], until: 1700) == [10, 1600])
  }
}
