import EnergyModel
import Testing

@testable import EnergyDispatch

/// Berlin in 2025: the clock is put forward on 30 March at 01:00 UTC and back on 26 October at 01:00 UTC.
struct LocalClockTests {
  static let spring = Timestamp(milliseconds: 1_743_296_400_000)
  static let autumn = Timestamp(milliseconds: 1_761_440_400_000)
  static let berlin = TimeZoneTable(
    name: "Europe/Berlin", initialOffset: .seconds(3600),
    transitions: [
      .init(at: spring, offset: .seconds(7200)), .init(at: autumn, offset: .seconds(3600)),
    ])

  private func clock(_ transition: Timestamp, minutes: Int) -> LocalClock {
    LocalClock(transition + .seconds(60 * minutes), Self.berlin)
  }

  @Test func itReadsWhatTheWallClockReads() {
    #expect(clock(Self.spring, minutes: -1).minuteOfDay == 119)
    #expect(clock(Self.spring, minutes: 0).minuteOfDay == 180)
    #expect(clock(Self.autumn, minutes: -1).minuteOfDay == 179)
    #expect(clock(Self.autumn, minutes: 0).minuteOfDay == 120)
    #expect(LocalClock(Timestamp(milliseconds: -1), .utc).minuteOfDay == 1439)
  }

  /// 23:59 on 31 March UTC is 01:59 on 1 April in Berlin.
  @Test func monthsBeginAtLocalMidnight() {
    let midnight = Timestamp(milliseconds: 1_743_465_600_000) - .seconds(7200)
    #expect(LocalClock(midnight - .seconds(1), Self.berlin).month == 12 * 2025 + 2)
    #expect(LocalClock(midnight, Self.berlin).month == 12 * 2025 + 3)
    #expect(LocalClock(midnight, .utc).month == 12 * 2025 + 2)
  }

  @Test func waitsSpanDaysOf23And25Hours() {
    #expect(clock(Self.spring, minutes: -60).wait(untilMinute: 240) == .seconds(2 * 3600))
    #expect(clock(Self.autumn, minutes: -45).wait(untilMinute: 210) == .seconds(135 * 60))
    #expect(clock(Self.autumn, minutes: -45).wait(untilMinute: 150) == .seconds(15 * 60))
    #expect(LocalClock(Timestamp(milliseconds: 0), .utc).wait(untilMinute: 0) == .seconds(86_400))
    #expect(LocalClock(Timestamp(milliseconds: 1000), .utc).wait(untilMinute: 1440) == .seconds(86_399))
  }

  /// 02:30 does not come on 30 March: 03:30 takes its place.
  @Test func aSkippedReadingIsReplaced() {
    #expect(clock(Self.spring, minutes: -60).wait(untilMinute: 150) == .seconds(90 * 60))
  }

  @Test(arguments: [(60, 120, 60, true), (60, 120, 120, false), (1320, 360, 0, true), (1320, 360, 360, false)])
  func windowsMayReachIntoTheNextDay(start: Int, end: Int, minute: Int, isInside: Bool) {
    #expect(DayWindow(start: start, end: end).contains(minute) == isInside)
  }

  @Test func aWindowFromAMomentToItselfIsTheWholeDay() {
    #expect((0..<1440).allSatisfy { DayWindow(start: 300, end: 300).contains($0) })
  }
}
