import EnergyModel
import Foundation
import GRDB
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

  /// A table with a column too many: SQLite says only that something must not be NULL.
  @Test func aTableThatIsNotAsItWasMadeIsDamage() async throws {
    let stand = try Stand()
    let epoch = try await stopped(stand)
    let queue = try DatabaseQueue(path: stand.database.path)
    try await queue.write { db in
      try db.execute(
        sql: """
          DELETE FROM boot; PRAGMA writable_schema = ON;
          UPDATE sqlite_schema SET sql = replace(sql, ' STRICT', '') WHERE name = 'boot';
          UPDATE sqlite_schema SET sql = replace(sql, 'DEFAULT 0)', 'DEFAULT 0, more INTEGER NOT NULL)')
          WHERE name = 'boot';
          """)
    }
    try queue.close()
    try await expectNewJournal(stand, unlike: epoch)
  }

  /// A large file is not read as a whole at the start, which would take long: what is wrong in it shows in use.
  @Test(arguments: [true, false]) func damageInALargeFileIsFoundInUse(_ isLarge: Bool) async throws {
    let stand = try Stand()
    let first = try await stand.open()
    let epoch = try await first.log(.telemetry).epoch
    for step in 0..<60 {
      for sample in 0..<200 { first.accept(stand.sample(power: Double((step * 200 + sample) * 7919 % 100_003))) }
      stand.time.advance(by: .seconds(4))
      #expect(await first.commit())
    }
    await first.close()
    if isLarge { stand.settings.largestChecked = 0 }
    let page = try await DatabaseQueue(path: stand.database.path).read { db in
      // Of the table's leaves one in the middle.
      let sql = "SELECT pageno FROM dbstat WHERE name = 'segment' AND pagetype = 'leaf' ORDER BY path LIMIT 1 OFFSET 2"
      return try Int.fetchOne(db, sql: sql)
    }
    var bytes = try Data(contentsOf: stand.database)
    let start = (try #require(page) - 1) * 4096
    bytes.replaceSubrange(start..<start + 4096, with: Data(repeating: 0x5A, count: 4096))
    try bytes.write(to: stand.database)

    let journal = try await stand.open()
    #expect(JournalFile.copies(folder: stand.folder.path).isEmpty == isLarge)
    #expect(try await (journal.log(.telemetry).epoch == epoch) == isLarge)
    if isLarge { await #expect(throws: DatabaseError.self) { try await journal.waiting(.telemetry) } }
    #expect(JournalFile.copies(folder: stand.folder.path) == [1])
    #expect(await stand.commit(3, to: journal))
    #expect(journal.counters().fault == nil)
    #expect(try await journal.log(.telemetry).epoch != epoch)
    #expect(try await journal.seqs(.telemetry) == [1, 2, 3])
    let gap = #""epoch":"\#(epoch)","first":1,"last":12000,"cause":"damaged""#
    #expect(try await journal.entries().filter { $0.hasSuffix(gap) }.count == 1)
    #expect(try await journal.entries().contains { $0.contains("journal-damaged") })
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
