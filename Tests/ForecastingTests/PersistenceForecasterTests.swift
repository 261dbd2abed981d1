import EnergyModel
import Testing

@testable import Forecasting

struct PersistenceForecasterTests {
  /// Berlin with the changes of 2026: 29 March 01:00Z (+1 → +2 h) and 25 October 01:00Z (back).
  private static let berlin = TimeZoneTable(
    name: "Europe/Berlin", initialOffset: .seconds(3600),
    transitions: [
      .init(at: Timestamp(milliseconds: 1_774_746_000_000), offset: .seconds(7200)),
      .init(at: Timestamp(milliseconds: 1_792_890_000_000), offset: .seconds(3600)),
    ])
  /// 2026-06-21T10:00:00Z
  private static let noon = Timestamp(milliseconds: 1_782_036_000_000)

  private struct Feed {
    var forecaster: PersistenceForecaster
    var now: Moment
    var closed = 0

    init(_ start: Timestamp = noon, zone: TimeZoneTable = .utc, saved: [UInt8]? = nil) {
      forecaster = PersistenceForecaster(zone: zone, saved: saved)
      now = Moment(wall: start, monotonic: MonotonicInstant(nanoseconds: 5_000_000_000))
    }

    mutating func run(_ minutes: Int, load: Double?, pv: Double? = nil) {
      for _ in 0..<minutes * 6 {
        if forecaster.observe(load: load.map { Watts($0) }, pv: pv.map { Watts($0) }, at: now) { closed += 1 }
        advance(10)
      }
    }

    mutating func advance(_ seconds: Int, wall: Int? = nil) {
      now.monotonic = now.monotonic + .seconds(seconds)
      now.wall = now.wall + .seconds(wall ?? seconds)
    }
  }

  @Test func withoutHistoryItSaysSo() {
    let forecast = PersistenceForecaster(zone: .utc, saved: nil).forecast(at: Self.noon)
    #expect(forecast.start == Self.noon + .seconds(900))
    #expect(forecast.load.power == nil)
    #expect(forecast.load.remark?.hasPrefix("no history") == true)
  }

  @Test func tomorrowWillBeLikeToday() {
    var feed = Feed()
    feed.run(15, load: 800, pv: 2000)
    feed.run(15, load: 400)
    feed.run(1, load: 400)
    let first = feed.forecaster.forecast(at: Self.noon + .seconds(86_400 - 1))
    #expect(first.load.power == Watts(800))
    #expect(first.pv.power == Watts(2000))
    #expect(first.load.remark?.hasPrefix("no interval yet") == true)
    let second = feed.forecaster.forecast(at: Self.noon + .seconds(86_400))
    #expect(second.load.power == Watts(400))
    #expect(second.pv.power == nil)
    #expect(feed.closed == 2)
  }

  @Test func theMeanIsWeightedByTime() {
    var feed = Feed()
    feed.run(5, load: 3000)
    feed.run(10, load: 0)
    feed.run(1, load: 0)
    #expect(feed.forecaster.forecast(at: Self.noon + .seconds(86_399)).load.power == Watts(1000))
  }

  @Test func aQuarterHourSeenTooLittleIsSetAside() {
    var feed = Feed()
    feed.run(11, load: 500)
    feed.run(4, load: nil)
    feed.run(15, load: 500)
    feed.run(1, load: .nan)
    #expect(feed.closed == 1)
    #expect(feed.forecaster.forecast(at: Self.noon + .seconds(86_399)).load.power == nil)
    #expect(feed.forecaster.forecast(at: Self.noon + .seconds(86_400)).load.power == Watts(500))
  }

  @Test func aGapWithoutObservationsIsNotCovered() {
    var feed = Feed()
    feed.run(10, load: 500)
    feed.advance(300)
    feed.run(1, load: 500)
    #expect(feed.closed == 0)
  }

  @Test(arguments: [3600, -3600, 86_400 * 365]) func aJumpOfTheClockCreatesNothing(seconds: Int) {
    var feed = Feed()
    feed.run(14, load: 500)
    feed.advance(10, wall: seconds)
    feed.run(2, load: 500)
    #expect(feed.closed == 0)
  }

  @Test func anUntrustedClockTeachesNothing() {
    var feed = Feed()
    feed.now.isClockTrusted = false
    feed.run(31, load: 500)
    #expect(feed.closed == 0)
  }

  /// 29 March has 23 hours: 08:00 local is 23 hours after 08:00 of the 28th. 25 October has 25.
  @Test(arguments: [(1_774_764_000_000, 23), (1_792_911_600_000, 25)])
  func daysOf23And25Hours(morning: Int64, hours: Int) {
    let target = Timestamp(milliseconds: morning)
    var feed = Feed(target - .seconds(hours * 3600), zone: Self.berlin)
    feed.run(15, load: 700)
    feed.run(1, load: 0)
    #expect(feed.forecaster.forecast(at: target - .seconds(1)).load.power == Watts(700))
  }

  @Test func anOlderDayStandsInAndSaysSo() {
    var feed = Feed()
    feed.run(15, load: 700)
    feed.run(1, load: 0)
    let forecast = feed.forecaster.forecast(at: Self.noon + .seconds(3 * 86_400 - 1))
    #expect(forecast.load.power == Watts(700))
    #expect(forecast.load.remark?.hasPrefix("measured 3 days ago") == true)
    #expect(feed.forecaster.forecast(at: Self.noon + .seconds(8 * 86_400 - 1)).load.power == nil)
  }

  @Test func theIntervalFollowsTheErrors() {
    var text = "holdfast quarter-hours 1\n"
    for index in 0..<(2 * 96) {
      let start = Self.noon.milliseconds + Int64(index) * 900_000
      let power = index < 96 ? 1000 : 1000 + (index % 10 - 3) * 100
      text += "\(start) \(power) -\n"
    }
    let forecaster = PersistenceForecaster(zone: .utc, saved: Array(text.utf8))
    let load = forecaster.forecast(at: Self.noon + .seconds(2 * 86_400 - 1)).load
    #expect(load.power == Watts(1300))
    #expect(load.lower == Watts(1000))
    #expect(load.upper == Watts(1900))
    #expect(load.remark == nil)
  }

  /// Two days whose quarter hours are told apart by their power, in Berlin: before 29 March, which has 23 hours.
  @Test func aDayAheadIsTheLastDayAtTheSameLocalTime() {
    let start = Timestamp(milliseconds: 1_774_742_400_000)  // 2026-03-29T00:00:00Z, 01:00 local
    var text = "holdfast quarter-hours 1\n"
    for index in -192..<0 { text += "\(start.milliseconds + Int64(index) * 900_000) \(1000 + index) -\n" }
    let forecaster = PersistenceForecaster(zone: Self.berlin, saved: Array(text.utf8))
    let day = forecaster.forecasts(from: start + .seconds(5), count: 96)
    #expect(day.count == 96 && day[0].start == start && day[95].start == start + .seconds(95 * 900))
    #expect(day[3].load.power == Watts(1000 - 96 + 3))
    // From 03:00 local on, yesterday is 23 hours ago.
    #expect(day[4].load.power == Watts(1000 - 96 + 4 + 4))
    #expect(day[90].load.power == Watts(1000 - 96 + 94))
    // Not measured yet: the day before, with the errors of two days.
    #expect(day[95].load.power == Watts(1000 - 96 + 99 - 96))
    #expect(day[95].load.remark?.hasPrefix("measured 2 days ago") == true)
    // Every day was 96 W more than the one before.
    #expect(day[3].load.lower == day[3].load.power && day[3].load.upper == Watts(1000 + 3))
    #expect(day.allSatisfy { $0.pv.power == nil })
    // A single forecast says the same.
    #expect(forecaster.forecast(at: start + .seconds(900 * 3 - 1)) == day[3])
  }

  /// A value that is two days old gets the errors of two days, or no interval.
  @Test func anOlderDayHasTheErrorsOfItsAge() {
    var text = "holdfast quarter-hours 1\n"
    for index in 0..<(2 * 96) {
      text += "\(Self.noon.milliseconds + Int64(index) * 900_000) \(index < 96 ? 1000 : 1500) -\n"
    }
    let forecaster = PersistenceForecaster(zone: .utc, saved: Array(text.utf8))
    // Two days after the last measured hour: yesterday is missing, and nothing of the last day can be compared.
    let late = forecaster.forecasts(from: Self.noon + .seconds(3 * 86_400), count: 1)[0].load
    #expect(late.power == Watts(1500) && late.lower == nil && late.upper == nil)
    #expect(late.remark?.contains("no interval yet") == true)
  }
}

struct QuarterHourHistoryTests {
  @Test func comesBackAsItWas() {
    var history = QuarterHourHistory()
    history.insert(QuarterHour(start: Timestamp(milliseconds: 900_000), load: Watts(512), pv: nil))
    history.insert(QuarterHour(start: Timestamp(milliseconds: 0), load: nil, pv: Watts(-3)))
    #expect(String(decoding: history.saved, as: UTF8.self) == "holdfast quarter-hours 1\n0 - -3\n900000 512 -\n")
    #expect(QuarterHourHistory(saved: history.saved).saved == history.saved)
  }

  @Test(arguments: ["900001 5 -", "900000 5", "x 5 -", "900000 inf -", "900000 5 nan", "900000 five -"])
  func linesThatMakeNoSenseAreLeftOut(line: String) {
    let history = QuarterHourHistory(saved: Array("holdfast quarter-hours 1\n\(line)\n1800000 7 -".utf8))
    #expect(history[Timestamp(milliseconds: 900_000)] == nil)
    #expect(history[Timestamp(milliseconds: 1_800_000)]?.load == Watts(7))
  }

  @Test func anotherKindOfTextIsNoHistory() {
    #expect(
      QuarterHourHistory(saved: Array("something else\n900000 5 -".utf8))[Timestamp(milliseconds: 900_000)] == nil)
  }

  @Test func eightDaysAreKeptAndWhatIsFarthestGoes() {
    var history = QuarterHourHistory()
    let wrong = Timestamp(milliseconds: 900_000 * 1_000_000)
    history.insert(QuarterHour(start: wrong, load: Watts(1), pv: nil))
    for index in 0..<QuarterHourHistory.capacity {
      history.insert(QuarterHour(start: Timestamp(milliseconds: Int64(index) * 900_000), load: Watts(1), pv: nil))
    }
    #expect(history[wrong] == nil)
    #expect(history[Timestamp(milliseconds: 0)] != nil)
  }

  @Test func quarterHoursBeginOnTheQuarterAlsoBefore1970() {
    #expect(QuarterHour.start(containing: Timestamp(milliseconds: -1)) == Timestamp(milliseconds: -900_000))
    #expect(QuarterHour.start(containing: Timestamp(milliseconds: 900_000)) == Timestamp(milliseconds: 900_000))
  }
}
