import EnergyModel
import Foundation
import TestKit
import Testing

@testable import Journal

/// Time that a log has nothing of is announced at the next start.
@Suite struct GapTests {
  @Test func aFirstStartHasLostNothing() async throws {
    let stand = try Stand()
    let journal = try await stand.open()
    #expect(try await journal.entries().isEmpty)
    await journal.close()
  }

  @Test func aCleanStopIsAGapInTime() async throws {
    let stand = try Stand()
    var journal = try await stand.open()
    #expect(await stand.commit(3, to: journal))
    let from = stand.time.now().wall.milliseconds
    await journal.close()
    stand.time.advance(by: .seconds(60))
    journal = try await stand.open()
    let epoch = try await journal.log(.telemetry).epoch
    let expected = #""kind":"gap","epoch":"\#(epoch)","from":\#(from),"to":\#(from + 60_000),"cause":"stop""#
    #expect(try await journal.entries() == [expected])
    await journal.close()
  }

  @Test func aCrashIsAGapFromTheLastCommittedRecord() async throws {
    let stand = try Stand()
    let journal = try await stand.open()
    #expect(await stand.commit(3, to: journal))
    let from = stand.time.now().wall.milliseconds
    stand.time.advance(by: .seconds(3))
    journal.accept(stand.sample())
    let next = try await stand.openAfterCrash()
    let entries = try await next.entries()
    #expect(entries.count == 1)
    #expect(entries.first?.hasSuffix(#""from":\#(from),"to":\#(from + 3000),"cause":"crash""#) == true)
    await next.close()
    await journal.close()
  }

  @Test func aClockThatNobodyVouchesForIsSaid() async throws {
    let stand = try Stand()
    var journal = try await stand.open()
    #expect(await stand.commit(1, to: journal))
    let from = stand.time.now().wall.milliseconds
    await journal.close()
    stand.time.stepWall(by: .seconds(-3600))
    stand.time.trustClock(false)
    journal = try await stand.open()
    let entries = try await journal.entries()
    #expect(
      entries.first?.hasSuffix(#""from":\#(from),"to":\#(from),"cause":"stop","clock":"unsynced""#) == true)
    await journal.close()
  }

  /// Commits may have vanished with the write-ahead log, so their numbers must not be given again.
  @Test func aLostWriteAheadLogBeginsNewEpochs() async throws {
    let stand = try Stand()
    let journal = try await stand.open()
    #expect(await stand.commit(3, to: journal))
    try await journal.execute("PRAGMA wal_checkpoint(PASSIVE)")
    #expect(await stand.commit(3, to: journal))
    let epoch = try await journal.log(.telemetry).epoch
    let copy = try TemporaryFolder.make("journal-lost")
    defer { try? FileManager.default.removeItem(at: copy) }
    try FileManager.default.copyItem(at: stand.database, to: copy.appendingPathComponent(JournalFile.name))
    await journal.close()

    var settings = stand.settings
    settings.folder = copy.path
    let next = try await Journal.open(settings, time: stand.time, seed: 7)
    #expect(await stand.commit(2, to: next))
    let new = try await next.log(.telemetry)
    #expect(new.epoch != epoch)
    #expect(new.held == SequenceRange(1, 2))
    // The old log is still there to be sent.
    let old = try await next.logs().first { $0.epoch == epoch }
    #expect(old?.held == SequenceRange(1, 3))
    // The old event log was empty and is gone.
    #expect(Set(try await next.logs().map(\.epoch)).count == 3)
    #expect(try await next.entries().contains { $0.contains("\(epoch)") && $0.contains(#""cause":"crash""#) })
    let reason = #""kind":"event","name":"journal-log-missing","severity":"alarm""#
    #expect(try await next.entries().filter { $0.contains(reason) }.count == 1, "said why, and once")
    await next.close()
  }
}
