import EnergyModel
import Foundation
import GRDB
import TestKit
import Testing

@testable import Journal

/// Intervals of averages across commits, stops, crashes and faults.
@Suite struct IntervalTests {
  private typealias Destination = JournalSettings.Destination

  /// 00:00  averages of ten seconds begin
  /// 00:07  the last sample: the device falls silent
  /// 00:11  nothing is due yet
  /// 00:12  the interval is committed although nothing came
  @Test func anIntervalIsCommittedWithoutAFurtherSample() async throws {
    let stand = try Stand()
    stand.settings.destinations = [Destination("vpp", logs: [.tenSeconds])]
    let journal = try await stand.open()
    #expect(await stand.commit(7, to: journal))
    stand.time.advance(by: .seconds(4))
    #expect(await journal.commit())
    #expect(try await journal.telemetry()[0].held == nil)
    stand.time.advance(by: .seconds(1))
    #expect(await journal.commit())
    #expect(try await journal.telemetry()[0].held == SequenceRange(1, 1))
    await journal.close()
  }

  /// The same through ``Journal/run()``, which commits only where there is something to commit.
  @Test func runCommitsADueInterval() async throws {
    let stand = try Stand()
    let second = LogPlan(choice: ReportingChoice([.init(.average(over: .seconds(1)))]))
    stand.settings.destinations = [Destination("vpp", logs: [second])]
    stand.settings.commitInterval = .milliseconds(200)
    let journal = try await Journal.open(stand.settings, time: SystemTime(), seed: 7)
    let running = Task { await journal.run() }
    journal.accept(Sample(device: "meter", measured: SystemTime().now(), readings: [Reading(.power, 5)]))
    try await eventually("the interval's record") { journal.counters().committedRecords == 1 }
    await journal.close()
    await running.value
  }

  /// 00:14  the last commit: one interval is over, four seconds of the next are in it
  /// 00:16  two more seconds wait for a commit
  /// 00:17  crash and start: what was committed is a record, the rest is a gap
  @Test func aCrashCostsAnOpenIntervalNoMoreThanACommit() async throws {
    let stand = try Stand()
    stand.settings.destinations = [Destination("vpp", logs: [.tenSeconds])]
    let journal = try await stand.open()
    let start = stand.time.now().wall.milliseconds
    #expect(await stand.commit(14, to: journal))
    for _ in 0..<2 {
      stand.time.advance(by: .seconds(1))
      journal.accept(stand.sample(power: 900))
    }
    stand.time.advance(by: .seconds(1))
    let crashed = try await stand.openAfterCrash()
    let records = try await crashed.samples()
    #expect(records.map(\.measured.wall.milliseconds) == [start + 10_000, start + 14_000])
    #expect(records.map(\.span) == [.seconds(10), .seconds(4)])
    #expect(records.map { $0[.power]?.value } == [100, 100])
    #expect(
      try await crashed.gaps("crash").first?.contains(#""from":\#(start + 14_000),"to":\#(start + 17_000)"#) == true)
    #expect(try await crashed.openIntervals() == 0, "taken once")
    // The rest of the interval that the crash cut.
    #expect(await stand.commit(5, to: crashed, power: 300))
    let rest = try await crashed.samples().dropFirst(2)
    #expect(rest.map(\.measured.wall.milliseconds) == [start + 20_000])
    #expect(rest.map(\.span) == [.seconds(3)])
    #expect(rest.map { $0[.power]?.value } == [300])
    await crashed.close()
    await journal.close()
  }

  @Test func aStopTellsTheOpenInterval() async throws {
    let stand = try Stand()
    stand.settings.destinations = [Destination("vpp", logs: [.tenSeconds])]
    var journal = try await stand.open()
    let start = stand.time.now().wall.milliseconds
    #expect(await stand.commit(14, to: journal))
    #expect(try await journal.openIntervals() == 1)
    await journal.close()
    stand.time.advance(by: .seconds(60))
    journal = try await stand.open()
    let records = try await journal.samples()
    #expect(records.map(\.measured.wall.milliseconds) == [start + 10_000, start + 14_000])
    #expect(records.last?.span == .seconds(4))
    #expect(
      try await journal.gaps("stop").first?.contains(#""from":\#(start + 14_000),"to":\#(start + 74_000)"#) == true)
    await journal.close()
  }

  /// A crash before the first interval ended.
  @Test func aLogThatHasNothingYetBeginsWithWhatWasOpen() async throws {
    let stand = try Stand()
    stand.settings.destinations = [Destination("vpp", logs: [.tenSeconds])]
    let journal = try await stand.open()
    let start = stand.time.now().wall.milliseconds
    #expect(await stand.commit(7, to: journal))
    let crashed = try await stand.openAfterCrash()
    #expect(try await crashed.samples().map(\.span) == [.seconds(7)])
    #expect(try await crashed.gaps("crash").first?.contains(#""from":\#(start + 7000),"to":\#(start + 7000)"#) == true)
    await crashed.close()
    await journal.close()
  }

  /// Averages of a minute beside raw records and records on change: all are complete up to the last commit.
  @Test func everyMannerIsCompleteUpToTheLastCommit() async throws {
    let stand = try Stand()
    let choice = ReportingChoice([
      .init(.average(over: .seconds(60)), points: [.power]),
      .init(.onChange(deadBand: 1, atLeastEvery: .seconds(3600))),
    ])
    stand.settings.destinations = [Destination("vpp", logs: [LogPlan(choice: choice)])]
    let journal = try await stand.open()
    let start = stand.time.now().wall.milliseconds
    #expect(await stand.commit(70, to: journal))
    #expect(await stand.commit(5, to: journal))
    let crashed = try await stand.openAfterCrash()
    // The frequency never changed after its first record.
    #expect(
      try await crashed.samples().map(\.measured.wall.milliseconds) == [start + 1000, start + 60_000, start + 75_000])
    #expect(try await crashed.gaps("crash").first?.contains(#""from":\#(start + 75_000),"#) == true)
    await crashed.close()
    await journal.close()
  }

  /// One device tells a value every ten minutes, another one each second. Two crashes, the second before anything came.
  @Test func whatWaitedMovesNoGapBack() async throws {
    let stand = try Stand()
    let choice = ReportingChoice([
      .init(.average(over: .seconds(900)), points: [.temperature]),
      .init(.onChange(deadBand: 1, atLeastEvery: .seconds(3600))),
    ])
    stand.settings.destinations = [Destination("vpp", logs: [LogPlan(choice: choice)])]
    let journal = try await stand.open()
    let reading = Reading(.temperature, 21)
    journal.accept(Sample(device: "cellar", measured: stand.time.now(), readings: [reading]))
    #expect(await stand.commit(500, to: journal))
    let newest = stand.time.now().wall.milliseconds
    stand.time.advance(by: .seconds(10))
    let first = try await stand.openAfterCrash()
    #expect(try await first.samples().last?[.temperature] == reading)
    stand.settings.folder = await first.settings.folder
    stand.time.advance(by: .seconds(5))
    let second = try await stand.openAfterCrash()
    let told = [#""from":\#(newest),"to":\#(newest + 10_000)"#, #""from":\#(newest),"to":\#(newest + 15_000)"#]
    for (gap, span) in zip(try await second.gaps("crash"), told) { #expect(gap.contains(span), "\(gap)") }
    for journal in [journal, first, second] { await journal.close() }
  }

  /// The values of a device come one by one, in any order: few sets of points are kept for ever all the same.
  @Test func whatIsOpenMakesFewShapes() async throws {
    let stand = try Stand()
    stand.settings.destinations = [Destination("vpp", logs: [.tenSeconds])]
    let journal = try await stand.open()
    var random = SplitMix64(seed: 3)
    for _ in 0..<40 {
      for point in Point.allCases.prefix(12).shuffled(using: &random) {
        journal.accept(Sample(device: "sensor", measured: stand.time.now(), readings: [Reading(point, 1)]))
        #expect(await journal.commit())
      }
      stand.time.advance(by: .seconds(10))
    }
    let shapes = try await journal.queue?.read { try Int.fetchOne($0, sql: "SELECT count(*) FROM shape") }
    #expect(shapes ?? .max <= 12 + 12, "\(shapes ?? 0)")
    let crashed = try await stand.openAfterCrash()
    #expect(try await crashed.samples().allSatisfy { $0.readings.allSatisfy { $0.value == 1 } })
    await crashed.close()
    await journal.close()
  }

  /// Where the log does not go on, the open interval is lost, and that is told from its beginning.
  @Test func anOpenIntervalOfALogThatEndsIsAnnounced() async throws {
    let stand = try Stand()
    stand.settings.destinations = [Destination("vpp", logs: [.tenSeconds])]
    let journal = try await stand.open()
    let start = stand.time.now().wall.milliseconds
    #expect(await stand.commit(14, to: journal))
    stand.settings.destinations = [Destination("vpp")]
    let crashed = try await stand.openAfterCrash()
    #expect(try await crashed.telemetry().map(\.held) == [SequenceRange(1, 1), nil])
    #expect(
      try await crashed.gaps("crash").first?.contains(#""from":\#(start + 10_000),"to":\#(start + 14_000)"#) == true)
    #expect(try await crashed.openIntervals() == 0)
    await crashed.close()
    await journal.close()
  }

  /// Bytes that went bad cost the interval, and that is told.
  @Test(arguments: ["x'80'", "substr(value, 1, length(value) - 3)"])
  func anOpenIntervalThatCannotBeReadIsAnnounced(value: String) async throws {
    let stand = try Stand()
    stand.settings.destinations = [Destination("vpp", logs: [.tenSeconds])]
    let journal = try await stand.open()
    let start = stand.time.now().wall.milliseconds
    #expect(await stand.commit(14, to: journal))
    try await journal.execute("UPDATE state SET value = \(value) WHERE key LIKE 'journal.open-intervals/%'")
    let crashed = try await stand.openAfterCrash()
    let gap = try await crashed.gaps("crash").first
    #expect(gap?.contains(#""from":\#(start + 10_000),"#) == true, "\(gap ?? "none")")
    #expect(try await crashed.samples().count == 1)
    await crashed.close()
    await journal.close()
  }

  /// A disk that failed for a while: what was reported once is not reported otherwise the second time.
  @Test func aFailedCommitReportsTheSameAgain() async throws {
    let stand = try Stand()
    stand.settings.destinations = [Destination("vpp", logs: [.tenSeconds])]
    let journal = try await stand.open()
    #expect(await stand.commit(8, to: journal, power: 100))
    try await journal.execute("CREATE TRIGGER refuse BEFORE INSERT ON segment BEGIN SELECT RAISE(ABORT, 'no'); END")
    #expect(await stand.commit(4, to: journal, power: 200) == false)
    // What comes meanwhile belongs to the interval that the batch has begun, however long ago that ended.
    #expect(await stand.commit(30, to: journal, power: 300) == false)
    try await journal.execute("DROP TRIGGER refuse")
    #expect(await journal.commit())
    #expect(await journal.commit())
    let samples = try await journal.waiting(journal.telemetry()[0]).flatMap(\.records).compactMap { record in
      if case .sample(let sample) = record.body { sample } else { nil }
    }
    // 8 × 100 and 1 × 200, then 3 × 200 and 7 × 300.
    #expect(samples.map { $0[.power]?.value } == [111, 270, 300, 300])
    #expect(samples.allSatisfy { $0.span == .seconds(10) })
    await journal.close()
  }

  /// What came while the last commits failed is not forgotten by the stop.
  @Test func aStopAfterAFaultHasEverything() async throws {
    let stand = try Stand()
    var journal = try await stand.open()
    try await journal.execute("CREATE TRIGGER refuse BEFORE INSERT ON segment BEGIN SELECT RAISE(ABORT, 'no'); END")
    #expect(await stand.commit(3, to: journal) == false)
    for _ in 0..<2 { journal.accept(stand.sample()) }
    try await journal.execute("DROP TRIGGER refuse")
    await journal.close()
    journal = try await stand.open()
    #expect(try await journal.seqs(.telemetry) == [1, 2, 3, 4, 5])
    await journal.close()
  }

  @Test func anOpenIntervalOutlivesAFileThatIsSetAside() async throws {
    let stand = try Stand()
    stand.settings.destinations = [Destination("vpp", logs: [.tenSeconds])]
    let journal = try await stand.open()
    #expect(await stand.commit(4, to: journal, power: 100))
    try await journal.execute("DROP TABLE segment")
    journal.post(stand.event("e"))
    #expect(await stand.commit(4, to: journal, power: 200) == false)
    #expect(await stand.commit(4, to: journal, power: 200))
    #expect(await journal.commit())
    let records = try await journal.waiting(journal.telemetry()[0]).flatMap(\.records)
    guard case .sample(let sample)? = records.first?.body else { throw JournalError.closed }
    // 4 × 100 and 5 × 200 of the nine seconds before the interval's end.
    #expect(sample[.power]?.value == 156)
    #expect(sample.span == .seconds(10))
    await journal.close()
  }
}

extension Journal {
  fileprivate func samples() throws -> [Sample] {
    try waiting(telemetry()[0]).flatMap(\.records).compactMap { record in
      if case .sample(let sample) = record.body { sample } else { nil }
    }
  }

  /// Logs of which something waits on the disk for the end of its interval.
  fileprivate func openIntervals() throws -> Int? {
    try queue?.read {
      try Int.fetchOne($0, sql: "SELECT count(*) FROM state WHERE key LIKE 'journal.open-intervals/%'")
    }
  }
}
