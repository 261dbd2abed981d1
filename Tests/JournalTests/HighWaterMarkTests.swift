import EnergyModel
import Foundation
import TestKit
import Testing

@testable import Journal

/// What was committed once is never given a second time, even when the database forgot it.
@Suite struct HighWaterMarkTests {
  private let mark = HighWaterMark(
    boot: 12, filesAside: 1, next: [Epoch(number: 7): 1842, Epoch(number: .max): 3, Epoch(number: 9): 1])

  @Test func itsTextSaysItAll() {
    #expect(HighWaterMark(mark.text) == mark)
    // Written over a longer one.
    #expect(HighWaterMark(mark.text + "00000000000007 1842\nend 0123\n") == mark)
  }

  @Test func nothingTornOrFlippedIsTaken() {
    let bytes = Array(mark.text.utf8)
    for length in 0..<bytes.count - 1 {
      #expect(HighWaterMark(String(decoding: bytes.prefix(length), as: UTF8.self)) == nil)
    }
    for index in bytes.indices.dropLast() {
      for bit in 0..<8 {
        var flipped = bytes
        flipped[index] ^= 1 << bit
        #expect(HighWaterMark(String(decoding: flipped, as: UTF8.self)) == nil, "byte \(index), bit \(bit)")
      }
    }
  }

  @Test func itTellsWhatIsMissing() {
    var ledger = Ledger()
    ledger.logs = [
      Ledger.Log(id: 1, epoch: Epoch(number: 7), name: "telemetry", kind: .telemetry, next: 1842),
      Ledger.Log(id: 2, epoch: Epoch(number: 9), name: "events", kind: .events, next: 5),
    ]
    // It is written after the commit, so it may know less, and of a log that was let go.
    #expect(mark.missing(in: ledger, boot: 12) == nil)
    #expect(mark.missing(in: ledger, boot: 13) == nil)
    ledger.logs[0].next = 1800
    #expect(mark.missing(in: ledger, boot: 12)?.map(\.range) == [SequenceRange(1800, 1841)])
    // A database from before the last start may lack whole logs.
    #expect(
      mark.missing(in: ledger, boot: 11)?.map(\.range) == [SequenceRange(1800, 1841), SequenceRange(1, 2)])
  }

  /// The database as it is now, without its write-ahead log.
  private func keep(_ stand: Stand) throws -> Data { try Data(contentsOf: stand.database) }

  private func putBack(_ copy: Data, _ stand: Stand) throws {
    for suffix in ["-wal", "-shm"] { try? FileManager.default.removeItem(atPath: stand.database.path + suffix) }
    try copy.write(to: stand.database)
  }

  private func gaps(_ journal: Journal) async throws -> [String] {
    try await journal.entries().filter { $0.contains(#""first":"#) }
  }

  @Test func anOlderCopyBeginsNewEpochsAndTellsWhatIsLost() async throws {
    let stand = try Stand()
    var journal = try await stand.open()
    #expect(await stand.commit(3, to: journal))
    await journal.close()
    let copy = try keep(stand)
    journal = try await stand.open()
    for _ in 0..<4 { #expect(await stand.commit(5, to: journal)) }
    let epoch = try await journal.log(.telemetry).epoch
    await journal.close()

    try putBack(copy, stand)
    journal = try await stand.open()
    #expect(journal.boot == 3)
    #expect(await stand.commit(2, to: journal))
    let new = try await journal.log(.telemetry)
    #expect(new.epoch != epoch)
    #expect(new.held == SequenceRange(1, 2))
    #expect(try await journal.logs().first { $0.epoch == epoch }?.held == SequenceRange(1, 3))
    let entries = try await journal.entries()
    #expect(entries.contains { $0.contains(#""name":"journal-lost-commits","severity":"alarm""#) })
    let gap = #""kind":"gap","epoch":"\#(epoch)","first":4,"last":23,"cause":"damaged""#
    #expect(try await gaps(journal).contains(gap))
    // 20 records of telemetry, and the gap in time of the second start.
    #expect(journal.counters().purgedRecords == 21)
    await journal.close()

    // Said once.
    journal = try await stand.open()
    #expect(try await journal.log(.telemetry).epoch == new.epoch)
    #expect(try await journal.entries().count == entries.count + 1)
    #expect(journal.counters().purgedRecords == 21)
    await journal.close()
  }

  @Test(arguments: ["missing", "garbage", "truncated"]) func aDamagedWriteAheadLogIsNoticed(_ damage: String)
    async throws
  {
    let stand = try Stand()
    var journal = try await stand.open()
    #expect(await stand.commit(3, to: journal))
    try await journal.execute("PRAGMA wal_checkpoint(PASSIVE)")
    for _ in 0..<3 { #expect(await stand.commit(3, to: journal)) }
    let epoch = try await journal.log(.telemetry).epoch
    // As a crash leaves it.
    let (database, log) = (try keep(stand), try Data(contentsOf: URL(fileURLWithPath: stand.database.path + "-wal")))
    let mark = try Data(contentsOf: stand.folder.appendingPathComponent(HighWaterMark.name))
    await journal.close()
    try putBack(database, stand)
    try mark.write(to: stand.folder.appendingPathComponent(HighWaterMark.name))
    let broken = damage == "garbage" ? Data(log.map { $0 &* 31 &+ 7 }) : log.prefix(5000)
    if damage != "missing" { try broken.write(to: URL(fileURLWithPath: stand.database.path + "-wal")) }

    journal = try await stand.open()
    #expect(try await journal.log(.telemetry).epoch != epoch)
    #expect(try await journal.entries().contains { $0.contains("journal-lost-commits") })
    let old = try #require(try await journal.logs().first { $0.epoch == epoch }?.held)
    let gap = #""kind":"gap","epoch":"\#(epoch)","first":\#(old.last + 1),"last":12,"cause":"damaged""#
    #expect(try await gaps(journal) == [gap])
    await journal.close()
  }

  @Test func aDatabaseThatVanishedIsTold() async throws {
    let stand = try Stand()
    var journal = try await stand.open()
    #expect(await stand.commit(3, to: journal))
    let epoch = try await journal.log(.telemetry).epoch
    await journal.close()
    try FileManager.default.removeItem(at: stand.database)
    journal = try await stand.open()
    #expect(journal.boot == 2)
    #expect(try await journal.log(.telemetry).epoch != epoch)
    #expect(try await gaps(journal).contains { $0.contains(#""\#(epoch)","first":1,"last":3,"cause":"damaged""#) })
    await journal.close()
  }

  @Test func theStartsAreCountedOverAFileThatWasSetAside() async throws {
    let stand = try Stand()
    for _ in 0..<4 { await (try stand.open()).close() }
    var journal = try await stand.open()
    #expect(await stand.commit(3, to: journal))
    let epoch = try await journal.log(.telemetry).epoch
    await journal.close()
    try Data(repeating: 9, count: 9000).write(to: stand.database)
    journal = try await stand.open()
    #expect(journal.boot == 6)
    // The mark was of the other file: damage, not lost commits; but what went with it is named.
    #expect(try await journal.entries().contains { $0.contains("journal-damaged") })
    #expect(try await !journal.entries().contains { $0.contains("journal-lost-commits") })
    #expect(try await gaps(journal).contains { $0.contains(#""\#(epoch)","first":1,"last":3,"cause":"damaged""#) })
    let new = try await journal.log(.telemetry).epoch
    let entries = try await journal.entries().count
    #expect(await stand.commit(1, to: journal))
    await journal.close()
    journal = try await stand.open()
    #expect(journal.boot == 7)
    #expect(try await journal.log(.telemetry).epoch == new)
    #expect(try await journal.entries().count == entries + 1)
    await journal.close()
  }

  @Test(arguments: [nil, "holdfast journal mark 1\nboot 9\n"]) func withoutAMarkItGoesOnAndSaysSo(_ text: String?)
    async throws
  {
    let stand = try Stand()
    var journal = try await stand.open()
    #expect(await stand.commit(3, to: journal))
    #expect(try await journal.entries().isEmpty)
    let epoch = try await journal.log(.telemetry).epoch
    await journal.close()
    let mark = stand.folder.appendingPathComponent(HighWaterMark.name)
    try FileManager.default.removeItem(at: mark)
    if let text { try Data(text.utf8).write(to: mark) }
    journal = try await stand.open()
    #expect(journal.boot == 2)
    #expect(try await journal.log(.telemetry).epoch == epoch)
    let name =
      text == nil ? #""journal-mark-missing","severity":"info""# : #""journal-mark-unreadable","severity":"warning""#
    #expect(try await journal.entries().filter { $0.contains(name) }.count == 1)
    #expect(HighWaterMark.read(folder: stand.folder.path).mark?.next[epoch] == 4)
    await journal.close()
  }

  /// A process that dies between the commit and the mark has lost nothing.
  @Test func aMarkThatIsBehindIsNoReasonToBeginAnew() async throws {
    let stand = try Stand()
    var journal = try await stand.open()
    #expect(await stand.commit(3, to: journal))
    let file = stand.folder.appendingPathComponent(HighWaterMark.name)
    let behind = try Data(contentsOf: file)
    #expect(await stand.commit(3, to: journal))
    let epoch = try await journal.log(.telemetry).epoch
    await journal.close()
    try behind.write(to: file)
    journal = try await stand.open()
    #expect(try await journal.log(.telemetry).epoch == epoch)
    #expect(try await gaps(journal).isEmpty)
    await journal.close()
  }
}
