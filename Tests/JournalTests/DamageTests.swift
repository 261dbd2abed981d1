import EnergyModel
import Foundation
import TestKit
import Testing

@testable import Journal

/// A damaged file never stops a start.
@Suite struct DamageTests {
  /// A closed journal with some data.
  private func stopped(_ stand: Stand) async throws -> Epoch {
    let journal = try await stand.open()
    for _ in 0..<30 { #expect(await stand.commit(40, to: journal)) }
    let epoch = try await journal.log(.telemetry).epoch
    await journal.close()
    return epoch
  }

  private func expectNewJournal(_ stand: Stand, unlike epoch: Epoch, number: Int = 1) async throws {
    let clock = ContinuousClock()
    let start = clock.now
    let journal = try await stand.open()
    #expect(clock.now - start < .seconds(10))
    #expect(FileManager.default.fileExists(atPath: stand.database.path + ".damaged-\(number)"))
    #expect(try await journal.log(.telemetry).epoch != epoch)
    let entries = try await journal.entries()
    #expect(entries.contains { $0.contains(#""name":"journal-damaged","severity":"alarm""#) })
    #expect(await stand.commit(3, to: journal))
    #expect(try await journal.seqs(.telemetry) == [1, 2, 3])
    await journal.close()
  }

  @Test func garbageIsSetAside() async throws {
    let stand = try Stand()
    var epoch = try await stopped(stand)
    for number in 1...3 {
      try Data((0..<50_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }).write(to: stand.database)
      try await expectNewJournal(stand, unlike: epoch, number: number)
      let journal = try await stand.open()
      epoch = try await journal.log(.telemetry).epoch
      await journal.close()
    }
    // Old ones go, so that they do not fill the disk.
    #expect(!FileManager.default.fileExists(atPath: stand.database.path + ".damaged-1"))
    #expect(FileManager.default.fileExists(atPath: stand.database.path + ".damaged-2"))
  }

  @Test func aTruncatedFileIsSetAside() async throws {
    let stand = try Stand()
    let epoch = try await stopped(stand)
    let whole = try Data(contentsOf: stand.database)
    try whole.prefix(whole.count / 2).write(to: stand.database)
    try await expectNewJournal(stand, unlike: epoch)
  }

  @Test func aFileWithoutItsTablesIsSetAside() async throws {
    let stand = try Stand()
    let epoch = try await stopped(stand)
    let journal = try await stand.open()
    try await journal.execute("DROP TABLE acknowledged")
    await journal.close()
    try await expectNewJournal(stand, unlike: epoch)
  }

  @Test func aFileOfANewerVersionIsSetAside() async throws {
    let stand = try Stand()
    let epoch = try await stopped(stand)
    let journal = try await stand.open()
    try await journal.execute("PRAGMA user_version = 99")
    await journal.close()
    try await expectNewJournal(stand, unlike: epoch)
  }

  @Test func anEmptyFileIsTheBeginning() async throws {
    let stand = try Stand()
    try Data().write(to: stand.database)
    let journal = try await stand.open()
    #expect(journal.boot == 1)
    await journal.close()
  }

  /// Whatever a flash does to the file, the journal opens and works.
  @Test func flippedBytesNeverStopAStart() async throws {
    let stand = try Stand()
    _ = try await stopped(stand)
    let whole = try Data(contentsOf: stand.database)
    var random = SeededGenerator(state: 5)
    for _ in 0..<25 {
      var damaged = whole
      for _ in 0..<8 {
        damaged[Int.random(in: 0..<damaged.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
      }
      for suffix in ["-wal", "-shm"] { try? FileManager.default.removeItem(atPath: stand.database.path + suffix) }
      try damaged.write(to: stand.database)
      let journal = try await stand.open()
      // What is found only in use costs the one call that finds it; the next finds a new journal.
      if await !stand.commit(2, to: journal) { #expect(await journal.commit()) }
      _ = try? await journal.waiting(.telemetry)
      if await !stand.commit(2, to: journal) { #expect(await journal.commit(), "\(journal.counters().fault ?? "")") }
      #expect(journal.counters().fault == nil)
      await journal.close()
    }
  }

  @Test func damageFoundInUseCostsNothingThatWaits() async throws {
    let stand = try Stand()
    let journal = try await stand.open()
    #expect(await stand.commit(4, to: journal))
    let epoch = try await journal.log(.telemetry).epoch
    try await journal.execute("DROP TABLE segment")
    #expect(await stand.commit(3, to: journal) == false)
    #expect(FileManager.default.fileExists(atPath: stand.database.path + ".damaged-1"))
    #expect(await journal.commit())
    #expect(try await journal.log(.telemetry).epoch != epoch)
    #expect(try await journal.seqs(.telemetry) == [1, 2, 3])
    #expect(try await journal.entries().contains { $0.contains("journal-damaged") })
    #expect(journal.counters().fault == nil)
    await journal.close()
  }

  /// What SQLite refuses may be a mistake of ours, and no reason to give a sound file away.
  @Test(arguments: ["SELECT RAISE(ABORT, 'no')", "DELETE FROM nowhere"])
  func aSoundFileIsKeptWhateverACommitMeets(_ refusal: String) async throws {
    let stand = try Stand()
    let journal = try await stand.open()
    #expect(await stand.commit(4, to: journal))
    let epoch = try await journal.log(.telemetry).epoch
    try await journal.execute("CREATE TRIGGER refuse BEFORE INSERT ON segment BEGIN \(refusal); END")
    #expect(await stand.commit(3, to: journal) == false)
    #expect(await journal.commit() == false)
    #expect(journal.counters().fault != nil)
    #expect(!FileManager.default.fileExists(atPath: stand.database.path + ".damaged-1"))
    try await journal.execute("DROP TRIGGER refuse")
    #expect(await journal.commit())
    #expect(journal.counters().fault == nil)
    #expect(try await journal.log(.telemetry).epoch == epoch)
    #expect(try await journal.seqs(.telemetry) == Array(1...7))
    await journal.close()
  }

  /// Even where no new file can be begun at once.
  @Test func aNewFileIsTriedUntilItWorks() async throws {
    let stand = try Stand()
    let journal = try await stand.open()
    #expect(await stand.commit(4, to: journal))
    // The folder is gone and a file stands in its place.
    let moved = stand.folder.appendingPathExtension("away")
    try await journal.execute("DROP TABLE segment")
    try FileManager.default.moveItem(at: stand.folder, to: moved)
    try Data().write(to: stand.folder)
    #expect(await stand.commit(3, to: journal) == false)
    #expect(await journal.commit() == false)
    #expect(journal.counters().fault != nil)
    try FileManager.default.removeItem(at: stand.folder)
    #expect(await journal.commit())
    #expect(try await journal.seqs(.telemetry) == [1, 2, 3])
    #expect(journal.counters().fault == nil)
    await journal.close()
    try FileManager.default.removeItem(at: moved)
  }

  @Test func anUnreadableSegmentIsLetGoAndAnnounced() async throws {
    let stand = try Stand()
    let journal = try await stand.open()
    for _ in 0..<3 { #expect(await stand.commit(4, to: journal)) }
    try await journal.execute("UPDATE segment SET payload = x'00112233' WHERE first = 5")
    #expect(try await journal.waiting(.telemetry).map(\.range.first) == [1, 9])
    #expect(await journal.commit())
    #expect(journal.counters().purgedRecords == 4)
    let entries = try await journal.entries()
    #expect(entries.count == 1)
    #expect(entries.first?.hasSuffix(#""first":5,"last":8,"cause":"damaged""#) == true)
    #expect(journal.backlog(for: "vpp") == 9)
    await journal.close()
  }

  /// The top bit of a counter flips: what no counter can have reached begins anew, and nothing overflows later.
  @Test(arguments: ["purged", "thinned", "dropped_samples", "dropped_events"])
  func aCounterThatCannotBeTrueBeginsAnew(name: String) async throws {
    let stand = try Stand()
    var journal = try await stand.open()
    #expect(await stand.commit(4, to: journal))
    try await journal.execute("INSERT OR REPLACE INTO counter(name, value) VALUES ('\(name)', -2)")
    await journal.close()
    journal = try await stand.open()
    try await journal.execute("UPDATE segment SET payload = x'00112233' WHERE first = 1 AND log = 2")
    _ = try await journal.waiting(.telemetry)
    #expect(await stand.commit(4, to: journal))
    #expect(journal.counters().purgedRecords == 4)
    #expect(journal.counters().droppedSamples == 0 && journal.counters().droppedEvents == 0)
    await journal.close()
  }

  /// The file is set aside, and the disk does not take the new one: the alarm waits for it.
  @Test func theAlarmOutlivesAStartThatFails() async throws {
    let stand = try Stand()
    var journal = try await stand.open()
    #expect(await stand.commit(4, to: journal))
    await journal.close()
    try FileManager.default.removeItem(at: stand.folder.appendingPathComponent("journal.mark"))
    try Data(repeating: 7, count: 9000).write(to: stand.database)
    // Where the new file's log would go there is a folder.
    let obstacle = URL(fileURLWithPath: stand.database.path + "-journal")
    try FileManager.default.createDirectory(at: obstacle, withIntermediateDirectories: false)
    journal = try await stand.open()
    #expect(journal.boot == 0)
    try FileManager.default.removeItem(at: obstacle)
    #expect(await stand.commit(1, to: journal))
    #expect(try await journal.entries().contains { $0.contains(#""name":"journal-damaged""#) })
    await journal.close()
  }
}
