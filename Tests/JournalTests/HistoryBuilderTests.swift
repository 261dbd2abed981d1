import EnergyModel
import Testing

@testable import Journal

/// What becomes of readings until their minute is over, on timelines.
@Suite struct HistoryBuilderTests {
  private static let ten: Int64 = 1_782_036_000_000

  /// Seconds after ten o'clock, and by how much the wall clock is off from a steady one.
  private func at(_ seconds: Double, off: Double = 0, trusted: Bool = true) -> Moment {
    Moment(
      wall: Timestamp(milliseconds: Self.ten + Int64((seconds + off) * 1000)),
      monotonic: MonotonicInstant(nanoseconds: Int64(seconds * 1e9)), isClockTrusted: trusted)
  }

  private func sample(_ moment: Moment, _ readings: Reading..., device: DeviceID = "meter") -> Sample {
    Sample(device: device, measured: moment, readings: readings)
  }

  private func minute(_ number: Int64) -> Int64 { Self.ten + number * 60_000 }

  @Test func aMinuteIsClosedTwoSecondsAfterItsEnd() {
    var builder = HistoryBuilder(start: at(0))
    for second in 0..<61 { builder.add(sample(at(Double(second)), Reading(.power, Double(second)))) }
    #expect(!builder.isDue(at: at(61.9).wall))
    #expect(builder.take(at: at(61.9).wall, isLast: false).isEmpty)
    #expect(builder.isDue(at: at(62).wall))
    let taken = builder.take(at: at(62).wall, isLast: false)
    #expect(taken.map(\.minute) == [minute(0)])
    let row = taken.first?.row
    #expect(row?.isPartial == false)
    #expect(row?["meter", .power] == HistoryTally(count: 60, sum: 1770, low: 0, high: 59, last: 59))
    #expect(builder.open.keys.sorted() == [minute(1)])
  }

  @Test func onlyGoodValuesCount() {
    var builder = HistoryBuilder(start: at(0))
    builder.add(sample(at(1), Reading(.power, 10), Reading(.frequency, quality: .timeout)))
    builder.add(sample(at(2), Reading(.power, 900, quality: .frozen), Reading(.frequency, 50)))
    builder.add(sample(at(3), Reading(.power, .nan), Reading(.frequency, 1e300)))
    let row = builder.take(at: at(62).wall, isLast: false).first?.row
    #expect(row?["meter", .power]?.count == 1)
    #expect(row?["meter", .power]?.high == 10)
    #expect(row?["meter", .frequency]?.count == 1)
    #expect(row?["meter", .frequency]?.last == 5000)
    #expect(row?["meter", .soc] == nil)
    #expect(row?["other", .power] == nil)
  }

  @Test func theMinuteThatAStartCutsIsPartial() {
    var builder = HistoryBuilder(start: at(20))
    builder.add(sample(at(30), Reading(.power, 1)))
    builder.add(sample(at(70), Reading(.power, 1)))
    let taken = builder.take(at: at(122).wall, isLast: false)
    #expect(taken.map(\.row.isPartial) == [true, false])
  }

  @Test func aStopHandsOverTheOpenMinuteAsPartial() {
    var builder = HistoryBuilder(start: at(0))
    builder.add(sample(at(59), Reading(.power, 1)))
    builder.add(sample(at(60.5), Reading(.power, 1)))
    let taken = builder.take(at: at(61).wall, isLast: true)
    #expect(taken.map(\.minute) == [minute(0), minute(1)])
    #expect(taken.map(\.row.isPartial) == [false, true])
    #expect(builder.open.isEmpty)
  }

  @Test func aClockThatNobodyVouchesForIsLeftOut() {
    var builder = HistoryBuilder(start: at(0, off: -1.7e9, trusted: false))
    builder.add(sample(at(10, off: -1.7e9, trusted: false), Reading(.power, 1)))
    #expect(builder.open.isEmpty)
    builder.add(sample(at(30), Reading(.power, 2)))
    builder.add(sample(at(70), Reading(.power, 2)))
    let taken = builder.take(at: at(122).wall, isLast: false)
    #expect(taken.map(\.minute) == [minute(0), minute(1)])
    #expect(taken.map(\.row.isPartial) == [true, false])
    #expect(taken.first?.row["meter", .power]?.count == 1)
  }

  @Test func trustThatIsLostCutsTheMinute() {
    var builder = HistoryBuilder(start: at(0))
    builder.add(sample(at(10), Reading(.power, 1)))
    builder.add(sample(at(40, trusted: false), Reading(.power, 1)))
    let taken = builder.take(at: at(62).wall, isLast: false)
    #expect(taken.map(\.row.isPartial) == [true])
  }

  @Test func aClockSetForwardCutsBothMinutes() {
    var builder = HistoryBuilder(start: at(0))
    builder.add(sample(at(30), Reading(.power, 1)))
    builder.add(sample(at(31, off: 600), Reading(.power, 2)))
    builder.add(sample(at(61, off: 600), Reading(.power, 3)))
    let taken = builder.take(at: at(122, off: 600).wall, isLast: false)
    #expect(taken.map(\.minute) == [minute(0), minute(10), minute(11)])
    #expect(taken.map(\.row.isPartial) == [true, true, false])
  }

  @Test func aClockSetBackClosesTheMinuteOfTheFuture() {
    var builder = HistoryBuilder(start: at(0))
    builder.add(sample(at(610), Reading(.power, 1)))
    builder.add(sample(at(611, off: -600), Reading(.power, 2)))
    let taken = builder.take(at: at(612, off: -600).wall, isLast: false)
    #expect(taken.map(\.minute) == [minute(10)])
    #expect(taken.map(\.row.isPartial) == [true])
    #expect(builder.take(at: at(662, off: -600).wall, isLast: false).map(\.row.isPartial) == [true])
  }

  @Test func aClockThatIsSlewedCutsNothing() {
    var builder = HistoryBuilder(start: at(0))
    for second in 0..<60 { builder.add(sample(at(Double(second), off: Double(second) / 30), Reading(.power, 1))) }
    let taken = builder.take(at: at(122).wall, isLast: false)
    #expect(taken.allSatisfy { !$0.row.isPartial })
  }

  @Test func lostReadingsCutTheirMinutes() {
    var builder = HistoryBuilder(start: at(0))
    for second in [10.0, 70, 130] { builder.add(sample(at(second), Reading(.power, 1))) }
    builder.cut(from: at(20).wall, to: at(80).wall)
    let taken = builder.take(at: at(182).wall, isLast: false)
    #expect(taken.map(\.row.isPartial) == [true, true, false])
  }

  @Test func timesBefore1970HaveTheirMinutesToo() {
    #expect(HistoryBuilder.begin(of: -1, 60_000) == -60_000)
    #expect(HistoryBuilder.begin(of: -60_000, 60_000) == -60_000)
    #expect(HistoryBuilder.begin(of: 59_999, 60_000) == 0)
  }

  /// Otherwise every order in which devices happen to answer would need its own shapes.
  @Test func theOrderOfPointsStaysFromMinuteToMinute() {
    var builder = HistoryBuilder(start: at(0))
    var shapes = ShapeTable()
    builder.add(sample(at(1), Reading(.power, 1), Reading(.frequency, 50)))
    for (_, row) in builder.take(at: at(62).wall, isLast: false) { _ = HistoryFormat.encode(row, table: &shapes) }
    builder.add(sample(at(63), Reading(.frequency, 50)))
    builder.add(sample(at(64), Reading(.power, quality: .timeout)))
    for (_, row) in builder.take(at: at(122).wall, isLast: false) { _ = HistoryFormat.encode(row, table: &shapes) }
    #expect(shapes.fresh.count == 1)
  }

  /// Where a device and its points stand is guessed from what came before; a wrong guess must only cost time.
  @Test func readingsFindTheirPlaceInWhateverOrderTheyCome() {
    var random = SeededGenerator(state: 3)
    var row = HistoryRow()
    var expected: [DeviceID: [Point: HistoryTally]] = [:]
    for _ in 0..<400 {
      let device = DeviceID("device-\(Int.random(in: 0...4, using: &random))")
      let points = Point.allCases.shuffled(using: &random).prefix(.random(in: 0...12, using: &random))
      let readings = points.map { Reading($0, Double.random(in: -500...500, using: &random)) }
      row.add(Sample(device: device, measured: at(0), readings: readings))
      for reading in readings {
        guard let scaled = ReadingCode.scaled(reading) else { continue }
        expected[device, default: [:]][reading.point, default: HistoryTally()].add(scaled)
      }
    }
    for (device, tallies) in expected {
      for point in Point.allCases { #expect(row[device, point] == tallies[point]) }
    }
    #expect(row.devices.count == expected.count)
  }
}
