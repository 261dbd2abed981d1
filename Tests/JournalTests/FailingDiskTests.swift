import EnergyModel
import Foundation
import GRDB
import TestKit
import Testing

@testable import Journal

/// Writes and syncs that fail, once or for a while, at any moment: nobody waits, and nothing is lost that is not
/// counted.
@Suite struct FailingDiskTests {
  private static let environment = ProcessInfo.processInfo.environment

  /// `HOLDFAST_SEED` shows one run again.
  private static var seeds: [UInt64] {
    if let seed = environment["HOLDFAST_SEED"].flatMap(UInt64.init) { return [seed] }
    return Array(1...(environment["HOLDFAST_CHAOS"] == nil ? 40 : 700))
  }

  @Test func whatWaitedIsCommittedOrCountedOnceTheDiskIsHealed() async throws {
    let count = Self.seeds.count
    var findings: [String] = []
    var hits = 0
    var writeHits = 0
    var moments: [FaultRun.Moment: Int] = [:]
    var longest = Duration.zero
    for seed in Self.seeds {
      let run = FaultRun(seed: seed)
      try await run.run()
      findings += await run.findings
      longest = max(longest, await run.longestPost)
      if await run.wasWriteHit { writeHits += 1 }
      guard await run.wasHit else { continue }
      hits += 1
      moments[run.plan.moment, default: 0] += 1
    }
    #expect(findings.isEmpty, "\(findings.joined(separator: "\n"))")
    let counts = FaultRun.Moment.allCases.map { "\(moments[$0] ?? 0) at \($0.rawValue)" }
    print("\(writeHits) runs with failing writes or syncs")
    print("\(hits) runs with failing operations: \(counts.joined(separator: ", ")); longest post \(longest)")
    #expect(writeHits >= count * 4 / 7)
    #expect(FaultRun.Moment.allCases.allSatisfy { moments[$0] ?? 0 > 0 })
    // Twelve posts of each kind, on a machine that may be busy with other things.
    #expect(longest < .seconds(1))
  }

  /// A stand on a disk that can fail.
  private func stand(seed: UInt64 = 1) throws -> (Stand, FaultDisk) {
    let stand = try Stand()
    stand.settings.fileQuery = FaultDisk.query
    return (stand, FaultDisk(folder: stand.folder.path, seed: seed))
  }

  /// Only a full disk is a reason to delete.
  @Test(arguments: [FaultDisk.Operation.write, .sync], 1...4)
  func aFailureDeletesNothing(_ operation: FaultDisk.Operation, _ times: Int) async throws {
    let (stand, disk) = try stand()
    let journal = try await stand.open()
    for _ in 0..<3 { #expect(await stand.commit(5, to: journal)) }
    disk.fail([operation], times: times)
    let isDone = await stand.commit(5, to: journal)
    // Tried twice at once, and again when it is next due.
    #expect(isDone == (times < 2))
    #expect((journal.counters().fault != nil) == !isDone)
    for _ in 0..<2 where !isDone { await journal.commit() }
    #expect(journal.counters().fault == nil)
    #expect(try await journal.seqs(.telemetry) == Array(1...20))
    #expect(journal.counters().purgedRecords == 0)
    await journal.close()
  }

  /// What fails once while opening is tried again: nothing is set aside, and the logs go on.
  @Test(arguments: [FaultDisk.Operation.open, .read, .write, .sync])
  func aStartThatFailedIsTriedAgain(_ operation: FaultDisk.Operation) async throws {
    for after in stride(from: 0, to: 14, by: 2) {
      let (stand, disk) = try stand(seed: UInt64(after))
      var journal = try await stand.open()
      for _ in 0..<3 { #expect(await stand.commit(5, to: journal)) }
      let epoch = try await journal.log(.telemetry).epoch
      let image = try TemporaryFolder.make("failing-start")
      defer { try? FileManager.default.removeItem(at: image) }
      disk.cutPower(image: image.path)
      await journal.close()

      stand.settings.folder = image.path
      let next = FaultDisk(folder: image.path)
      next.fail([operation], after: after, times: 1)
      journal = try await stand.open()
      #expect((journal.counters().fault == nil) == (journal.boot > 0))
      if await !stand.commit(5, to: journal) { #expect(await journal.commit()) }
      #expect(try await journal.logs().count == 2)
      #expect(try await journal.log(.telemetry).epoch == epoch)
      #expect(try await journal.seqs(.telemetry) == Array(1...20))
      #expect(!FileManager.default.fileExists(atPath: image.path + "/journal.sqlite.damaged-1"))
      await journal.close()
    }
  }

  /// A full disk at the start: in the end it tries what takes least of the log, with the log handed over.
  @Test(arguments: 1...2, [WhenFull.thinOldest, .dropOldest])
  func aStartWithoutRoomIsTriedToTheEnd(_ times: Int, _ whenFull: WhenFull) async throws {
    let (stand, disk) = try stand()
    stand.settings.whenFull = whenFull
    var journal = try await stand.open()
    for _ in 0..<3 { #expect(await stand.commit(5, to: journal)) }
    let image = try TemporaryFolder.make("full-start")
    defer { try? FileManager.default.removeItem(at: image) }
    disk.cutPower(image: image.path)
    await journal.close()
    // Opening the file writes so often.
    let trial = try TemporaryFolder.make("full-trial")
    defer { try? FileManager.default.removeItem(at: trial) }
    for name in try FileManager.default.contentsOfDirectory(atPath: image.path) {
      try FileManager.default.copyItem(atPath: "\(image.path)/\(name)", toPath: "\(trial.path)/\(name)")
    }
    stand.settings.folder = trial.path
    let trialDisk = FaultDisk(folder: trial.path)
    let file = try JournalFile.open(stand.settings)
    let writes = Int(trialDisk.count(.write))
    try file.queue.close()

    stand.settings.folder = image.path
    let next = FaultDisk(folder: image.path)
    // The log is handed over already, so that only commits write.
    next.fail([.write], after: writes, times: times, code: ResultCode.SQLITE_FULL.rawValue)
    journal = try await stand.open()
    #expect(next.faults == UInt64(times))
    #expect(journal.counters().fault == nil)
    #expect(journal.boot == 2)
    let gone = try await journal.entries().compactMap(HeldLog.dropped).map(\.range)
    let held = try await journal.waiting(.telemetry).map(\.range)
    #expect(SequenceRangeSet(gone + held).ranges == [SequenceRange(1, 15)])
    #expect(journal.counters().purgedRecords == SequenceRangeSet(gone).count)
    await journal.close()
  }

  @Test func aFileIsUnreadableWhenThePlainReadFailsToo() throws {
    let folder = try TemporaryFolder.make("unreadable")
    defer { try? FileManager.default.removeItem(at: folder) }
    #expect(JournalFile.isReadable(folder: folder.path))
    let file = folder.appendingPathComponent(JournalFile.name)
    try Data(count: 200_000).write(to: file)
    #expect(JournalFile.isReadable(folder: folder.path))
    // The system refuses to read a folder as a file.
    try FileManager.default.removeItem(at: file)
    try FileManager.default.createDirectory(at: file, withIntermediateDirectories: true)
    #expect(!JournalFile.isReadable(folder: folder.path))
  }

  /// The system may read what it failed to write: a start must not build upon it.
  @Test(arguments: 1...12) func whatAFailedSyncLeftIsWrittenAgain(_ seed: UInt64) async throws {
    let (stand, disk) = try stand(seed: seed)
    var journal = try await stand.open()
    #expect(await stand.commit(5, to: journal))
    disk.fail([.sync, .delete])
    #expect(await stand.commit(5, to: journal) == false)
    await journal.close()
    disk.heal()
    journal = try await stand.open()
    for _ in 0..<3 { #expect(await stand.commit(5, to: journal)) }
    let held = try await journal.held()
    let image = try TemporaryFolder.make("failed-sync")
    defer { try? FileManager.default.removeItem(at: image) }
    disk.cutPower(image: image.path)
    await journal.close()

    stand.settings.folder = image.path
    stand.settings.fileQuery = nil
    let next = try await stand.open()
    for log in held {
      let found = try await next.held().first { $0.epoch == log.epoch }
      #expect(log.records.allSatisfy { found?.records[$0.key] == $0.value })
    }
    await next.close()
  }
}
