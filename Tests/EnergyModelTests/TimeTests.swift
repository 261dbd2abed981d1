import EnergyModel
import Testing

@Suite struct TimeTests {
  /// Europe/Berlin 2026: summer time from 2026-03-29T01:00Z to 2026-10-25T01:00Z.
  static let berlin = TimeZoneTable(
    name: "Europe/Berlin", initialOffset: .seconds(3600),
    transitions: [
      .init(at: Timestamp(milliseconds: 1_774_746_000_000), offset: .seconds(7200)),
      .init(at: Timestamp(milliseconds: 1_792_890_000_000), offset: .seconds(3600)),
    ])

  @Test func yesterdayIs24HoursAgoOnMostDays() {
    let noon = Timestamp(milliseconds: 1_782_036_000_000)
    #expect(noon - Self.berlin.sameTimeYesterday(noon) == .seconds(86_400))
  }

  @Test func yesterdayIs23HoursAgoAfterTheSpringChange() {
    let noonAfter = Timestamp(milliseconds: 1_774_746_000_000 + 9 * 3_600_000)
    #expect(noonAfter - Self.berlin.sameTimeYesterday(noonAfter) == .seconds(23 * 3600))
  }

  @Test func yesterdayIs25HoursAgoAfterTheAutumnChange() {
    let noonAfter = Timestamp(milliseconds: 1_792_890_000_000 + 10 * 3_600_000)
    #expect(noonAfter - Self.berlin.sameTimeYesterday(noonAfter) == .seconds(25 * 3600))
  }

  @Test func offsetsChangeAtTheTransitionItself() {
    let change = Timestamp(milliseconds: 1_774_746_000_000)
    #expect(Self.berlin.offset(at: change - .milliseconds(1)) == .seconds(3600))
    #expect(Self.berlin.offset(at: change) == .seconds(7200))
  }

  @Test func instantsAndDurations() {
    let start = MonotonicInstant(nanoseconds: 5)
    #expect((start + .milliseconds(2)) - start == .milliseconds(2))
    #expect(Duration.milliseconds(1500).seconds == 1.5)
    #expect(Duration.milliseconds(-1).nanoseconds == -1_000_000)
  }
}
