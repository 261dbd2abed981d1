import EnergyModel
import Testing

@testable import Journal

/// What a log records of the samples that come. The timelines begin at 10:00:00 UTC; seconds count from there.
@Suite struct ReporterTests {
  private static let ten: Int64 = 1_782_036_000_000

  /// Both clocks at a second; the wall clock may have been set meanwhile.
  private func at(_ seconds: Double, set: Double = 0, trusted: Bool = true) -> Moment {
    Moment(
      wall: Timestamp(milliseconds: Self.ten + Int64((seconds + set) * 1000)),
      monotonic: MonotonicInstant(nanoseconds: 5_000_000_000_000 + Int64(seconds * 1e9)), isClockTrusted: trusted)
  }

  private func sample(_ moment: Moment, _ readings: Reading..., device: DeviceID = "meter") -> Sample {
    Sample(device: device, measured: moment, readings: readings)
  }

  private func averages(_ seconds: Int = 10, started: Double = 0) -> Reporter {
    Reporter(ReportingChoice([.init(.average(over: .seconds(seconds)))]), started: at(started))
  }

  private func onChange(_ band: Double, atLeastEvery longest: Int = 900, points: Set<Point>? = nil) -> Reporter {
    let manner = ReportingChoice.Manner.onChange(deadBand: band, atLeastEvery: .seconds(longest))
    return Reporter(ReportingChoice([.init(manner, points: points ?? Set(Point.allCases))]), started: at(0))
  }

  /// Seconds, values and spans of records, short enough to compare.
  private func told(_ records: [Sample]) -> [String] {
    records.map { record in
      let second = Double(record.measured.wall.milliseconds - Self.ten) / 1000
      let values = record.readings.map { "\($0.point.rawValue)=\($0.value.map { "\($0)" } ?? $0.quality.rawValue)" }
      let span = record.span.map { " over \($0.seconds)" } ?? ""
      return "\(second): \(values.joined(separator: " "))\(span)"
    }
  }

  @Test func rawIsWhatWasReadOfTheChosenPoints() {
    var all = Reporter(.raw, started: at(0))
    let whole = sample(at(1), Reading(.power, 5), Reading(.soc, quality: .timeout))
    #expect(all.take(whole) == [whole])
    var some = Reporter(ReportingChoice([.init(.raw, points: [.power])]), started: at(0))
    #expect(told(some.take(whole)) == ["1.0: power_w=5.0"])
    #expect(some.take(sample(at(2), Reading(.soc, 50))).isEmpty)
  }

  /// 10:00:03  reporting begins
  /// 10:00:04  100 W, 10 Wh … 10:00:09  200 W, 11 Wh
  /// 10:00:10  the next interval: the first is told, seven seconds long
  @Test func anAverageIsAlignedAndCarriesItsEnd() {
    var reporter = averages(started: 3)
    #expect(reporter.take(sample(at(4), Reading(.power, 100), Reading(.energyImport, 10))).isEmpty)
    #expect(told(reporter.pending) == ["4.0: power_w=100.0 energy_import_wh=10.0 over 1.0"])
    #expect(reporter.take(sample(at(9), Reading(.power, 200), Reading(.energyImport, 11))).isEmpty)
    let first = reporter.take(sample(at(10), Reading(.power, 7), Reading(.energyImport, 12)))
    #expect(told(first) == ["10.0: power_w=150.0 energy_import_wh=11.0 over 7.0"])
    #expect(told(reporter.pending) == ["10.0: power_w=7.0 energy_import_wh=12.0 over 0.001"])
    // Sixty seconds of silence in between are no record.
    let second = reporter.take(sample(at(80), Reading(.power, 9), Reading(.energyImport, 13)))
    #expect(told(second) == ["20.0: power_w=7.0 energy_import_wh=12.0 over 10.0"])
    #expect(told(reporter.take(sample(at(90), Reading(.power, 0)))).first?.hasSuffix("over 10.0") == true)
  }

  @Test func statesAreNotAveraged() {
    var reporter = averages()
    _ = reporter.take(sample(at(1), Reading(.operatingState, 4), Reading(.relayOn, 1)))
    _ = reporter.take(sample(at(2), Reading(.operatingState, 7), Reading(.relayOn, 0)))
    #expect(told(reporter.take(sample(at(11)))).isEmpty, "a sample without readings says nothing")
    #expect(told(reporter.due(at: at(12).monotonic)) == ["10.0: operating_state=7.0 relay_on=0.0 over 10.0"])
  }

  @Test func halfOfTheReadingsHaveToBeGood() {
    var reporter = averages()
    let bad = Reading(.power, quality: .timeout)
    for (second, reading) in [Reading(.power, 10), bad, Reading(.power, 30), bad].enumerated() {
      _ = reporter.take(sample(at(Double(second)), reading))
    }
    let half = reporter.take(sample(at(10), bad))
    #expect(told(half) == ["10.0: power_w=20.0 over 10.0"])
    _ = reporter.take(sample(at(11), Reading(.power, 10)))
    _ = reporter.take(sample(at(12), Reading(.power, 9, quality: .frozen)))
    #expect(told(reporter.take(sample(at(20), bad))) == ["20.0: power_w=frozen over 10.0"])
    _ = reporter.take(sample(at(21), Reading(.power, .nan)))
    #expect(told(reporter.due(at: at(32).monotonic)) == ["30.0: power_w=out_of_range over 10.0"])
  }

  @Test func aSilentDeviceHoldsNothingOpen() {
    var reporter = averages()
    _ = reporter.take(sample(at(1), Reading(.power, 10), device: "b"))
    _ = reporter.take(sample(at(5), Reading(.power, 20), device: "a"))
    #expect(!reporter.isDue(at: at(11.9).monotonic))
    #expect(reporter.due(at: at(11.9).monotonic).isEmpty)
    #expect(reporter.isDue(at: at(12).monotonic))
    let due = reporter.due(at: at(12).monotonic)
    #expect(due.map(\.device) == ["a", "b"])
    #expect(reporter.pending.isEmpty)
    #expect(reporter.due(at: at(60).monotonic).isEmpty)
  }

  /// 10:00:15  the clock is set back by six seconds: the interval ends early, the one before is told again for
  ///           the part that is new
  @Test func aClockThatIsSetBack() {
    var reporter = averages()
    _ = reporter.take(sample(at(9), Reading(.power, 1)))
    #expect(told(reporter.take(sample(at(11), Reading(.power, 2)))) == ["10.0: power_w=1.0 over 10.0"])
    _ = reporter.take(sample(at(14), Reading(.power, 4)))
    let early = reporter.take(sample(at(15, set: -6), Reading(.power, 5)))
    #expect(told(early) == ["14.0: power_w=3.0 over 4.0"])
    // From 14 s of the old clock on, which is 8 s of the new one.
    #expect(told(reporter.take(sample(at(17, set: -6), Reading(.power, 6)))) == ["10.0: power_w=5.0 over 2.0"])
    #expect(told(reporter.take(sample(at(27, set: -6), Reading(.power, 0)))) == ["20.0: power_w=6.0 over 10.0"])
    // A silent device does not wait for the clock to come round again.
    #expect(reporter.isDue(at: at(38).monotonic))
  }

  @Test func aClockThatIsSetForward() {
    var reporter = averages()
    _ = reporter.take(sample(at(3, trusted: false), Reading(.power, 1)))
    let early = reporter.take(sample(at(5, set: 3600), Reading(.power, 2)))
    #expect(told(early) == ["3.0: power_w=1.0 over 3.0"])
    #expect(early.first?.measured.isClockTrusted == false)
    let next = reporter.take(sample(at(11, set: 3600), Reading(.power, 3)))
    #expect(told(next) == ["3610.0: power_w=2.0 over 7.0"])
    #expect(next.first?.measured.isClockTrusted == true)
  }

  @Test func aCleanStopTellsWhatThereIs() {
    var reporter = averages()
    _ = reporter.take(sample(at(1), Reading(.power, 10)))
    _ = reporter.take(sample(at(2), Reading(.power, 20)))
    #expect(told(reporter.flush(at: at(4.5))) == ["4.5: power_w=15.0 over 4.5"])
    _ = reporter.take(sample(at(6), Reading(.power, 20)))
    #expect(told(reporter.flush(at: at(30))) == ["10.0: power_w=20.0 over 5.5"])
    #expect(reporter.flush(at: at(40)).isEmpty)
  }

  /// The record says what was last told, so that a slow drift is told too.
  @Test func onChangeComparesWithWhatWasRecorded() {
    var reporter = onChange(50)
    var times: [Double] = []
    for (second, power) in [100.0, 130, 149, 150, 151, 170, 200, 202, 100].enumerated()
    where !reporter.take(sample(at(Double(second)), Reading(.power, power), Reading(.frequency, 50))).isEmpty {
      times.append(power)
    }
    #expect(times == [100, 151, 202, 100])
  }

  @Test func onlyWhatChangedIsRecorded() {
    var reporter = onChange(0)
    let first = sample(at(0), Reading(.power, 100), Reading(.voltageL1, 230.1))
    #expect(reporter.take(first) == [first])
    // 100.4 would be recorded as 100 again.
    #expect(reporter.take(sample(at(1), Reading(.power, 100.4), Reading(.voltageL1, 230.1))).isEmpty)
    let next = reporter.take(sample(at(2), Reading(.power, 100), Reading(.voltageL1, 230.2)))
    #expect(told(next) == ["2.0: voltage_l1_v=230.2"])
    let lost = reporter.take(sample(at(3), Reading(.power, quality: .timeout), Reading(.voltageL1, 230.2)))
    #expect(told(lost) == ["3.0: power_w=timeout"])
    #expect(reporter.take(sample(at(4), Reading(.power, quality: .timeout), Reading(.voltageL1, 230.2))).isEmpty)
    let back = reporter.take(sample(at(5), Reading(.power, 100), Reading(.voltageL1, 230.2)))
    #expect(told(back) == ["5.0: power_w=100.0"])
  }

  @Test func atTheLatestAfterItsTime() {
    var reporter = onChange(50, atLeastEvery: 60)
    var seconds: [Int] = []
    for second in 0..<200 {
      // Half way the power alone changes, so that the two are due at different times.
      let power = second < 30 ? 100.0 : 200
      let records = reporter.take(sample(at(Double(second)), Reading(.power, power), Reading(.soc, 50)))
      if records.contains(where: { $0[.soc] != nil }) { seconds.append(second) }
      if records.contains(where: { $0[.power] != nil }) { seconds.append(-second) }
    }
    #expect(seconds == [0, 0, -30, 60, -90, 120, -150, 180])
  }

  /// Sets of points are kept in the database for ever, so there may not be any number of them.
  @Test func setsOfPointsAreFew() {
    var reporter = onChange(0)
    let points = Array(Point.allCases.prefix(20))
    var values = points.map { _ in 1.0 }
    var sets: Set<[Point]> = []
    var last = values
    var seen: [Point: Double] = [:]
    var random: UInt64 = 9
    for second in 0..<2000 {
      for index in values.indices {
        random = random &* 6_364_136_223_846_793_005 &+ 1
        if random >> 60 == 0 { values[index] += 1 }
      }
      let readings = zip(points, values).map { Reading($0, $1) }
      let records = reporter.take(Sample(device: "d", measured: at(Double(second)), readings: readings))
      #expect(records.isEmpty == (last == values && second > 0))
      for record in records {
        sets.insert(record.readings.map(\.point))
        for reading in record.readings { seen[reading.point] = reading.value }
      }
      last = values
      #expect(points.map { seen[$0] } == values, "every change is told")
    }
    #expect(sets.count <= ChangeMemory.mostShapes + 1)
    #expect(sets.count > 10)
  }

  @Test func byPoint() {
    let choice = ReportingChoice([
      .init(.onChange(deadBand: 0, atLeastEvery: .seconds(900)), points: [.operatingState]),
      .init(.average(over: .seconds(10)), points: [.power, .operatingState]),
      .init(.raw, points: [.soc]),
    ])
    var reporter = Reporter(choice, started: at(0))
    let first = sample(at(1), Reading(.power, 1), Reading(.operatingState, 4), Reading(.soc, 9), Reading(.voltageL1, 1))
    #expect(told(reporter.take(first)) == ["1.0: operating_state=4.0", "1.0: soc_percent=9.0"])
    let next = sample(at(11), Reading(.power, 3), Reading(.operatingState, 4), Reading(.soc, 9))
    #expect(told(reporter.take(next)) == ["10.0: power_w=1.0 over 10.0", "11.0: soc_percent=9.0"])
  }

  /// What could not be committed is reported again.
  @Test func aCopyThatIsThrownAwayChangesNothing() {
    var reporter = averages()
    _ = reporter.take(sample(at(1), Reading(.power, 10)))
    var tried = reporter
    let samples = [sample(at(9), Reading(.power, 20)), sample(at(12), Reading(.power, 30))]
    let first = samples.flatMap { tried.take($0) }
    #expect(told(first) == ["10.0: power_w=15.0 over 10.0"])
    #expect(samples.flatMap { reporter.take($0) } == first)
  }

  @Test func anotherLogBeginsWithEveryValueAndKeepsTheOpenInterval() {
    let choice = ReportingChoice([
      .init(.average(over: .seconds(10)), points: [.power]),
      .init(.onChange(deadBand: 0, atLeastEvery: .seconds(900))),
    ])
    var reporter = Reporter(choice, started: at(0))
    _ = reporter.take(sample(at(1), Reading(.power, 10), Reading(.soc, 50)))
    reporter.beginLog(shapes: [:])
    #expect(told(reporter.take(sample(at(2), Reading(.power, 20), Reading(.soc, 50)))) == ["2.0: soc_percent=50.0"])
    #expect(told(reporter.due(at: at(12).monotonic)) == ["10.0: power_w=15.0 over 10.0"])
  }
}
