import EnergyModel
import Foundation
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

  @Test func aStopTellsTheOpenIntervalACrashAnnouncesIt() async throws {
    let stand = try Stand()
    stand.settings.destinations = [Destination("vpp", logs: [.tenSeconds])]
    var journal = try await stand.open()
    let start = stand.time.now().wall.milliseconds
    #expect(await stand.commit(14, to: journal))
    let crashed = try await stand.openAfterCrash()
    #expect(
      try await crashed.gaps("crash").first?.contains(#""from":\#(start + 10_000),"to":\#(start + 14_000)"#) == true)
    #expect(try await crashed.telemetry()[0].held == SequenceRange(1, 1))
    await crashed.close()

    await journal.close()
    stand.time.advance(by: .seconds(60))
    journal = try await stand.open()
    let records = try await journal.waiting(journal.telemetry()[0]).flatMap(\.records)
    #expect(records.map(\.time.milliseconds) == [start + 10_000, start + 14_000])
    guard case .sample(let last)? = records.last?.body else { throw JournalError.closed }
    #expect(last.span == .seconds(4))
    #expect(
      try await journal.gaps("stop").first?.contains(#""from":\#(start + 14_000),"to":\#(start + 74_000)"#) == true)
    await journal.close()
  }

  /// A crash before the first interval ended is announced too.
  @Test func aLogThatHasNothingYetLosesItsTimeToo() async throws {
    let stand = try Stand()
    stand.settings.destinations = [Destination("vpp", logs: [.tenSeconds])]
    let journal = try await stand.open()
    let start = stand.time.now().wall.milliseconds
    #expect(await stand.commit(7, to: journal))
    let crashed = try await stand.openAfterCrash()
    #expect(try await crashed.gaps("crash").first?.contains(#""from":\#(start),"to":\#(start + 7000)"#) == true)
    await crashed.close()
    await journal.close()
  }

  /// What was recorded on change meanwhile does not hide that the open interval is lost.
  @Test func theOldestOpenIntervalBeginsTheGap() async throws {
    let stand = try Stand()
    let choice = ReportingChoice([.init(.average(over: .seconds(60)), points: [.power]), .init(.raw)])
    stand.settings.destinations = [Destination("vpp", logs: [LogPlan(choice: choice)])]
    let journal = try await stand.open()
    let start = stand.time.now().wall.milliseconds
    #expect(await stand.commit(70, to: journal))
    #expect(await stand.commit(5, to: journal))
    let crashed = try await stand.openAfterCrash()
    #expect(try await crashed.gaps("crash").first?.contains(#""from":\#(start + 60_000),"#) == true)
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
