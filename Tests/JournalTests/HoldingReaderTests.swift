import EnergyModel
import Foundation
import GRDB
import TestKit
import Testing

@testable import Journal

/// A reader that does not let go of its transaction makes the write-ahead log grow.
@Suite struct HoldingReaderTests {
  private func fill(
    _ journal: Journal, _ stand: Stand, commits: Int, records: Int, _ random: inout SeededGenerator
  ) async {
    for _ in 0..<commits {
      stand.time.advance(by: .seconds(4))
      for _ in 0..<records {
        let readings = [Point.power, .reactivePower, .apparentPower, .powerL1, .powerL2, .powerL3].map {
          Reading($0, Double(Int.random(in: -5_000_000...5_000_000, using: &random)))
        }
        journal.accept(Sample(device: "meter", measured: stand.time.now(), readings: readings))
      }
      #expect(await journal.commit())
    }
  }

  private func warnings(_ journal: Journal) async throws -> Int {
    try await journal.entries().count { $0.contains(#""name":"journal-log-held","severity":"warning""#) }
  }

  @Test(arguments: [WhenFull.dropOldest, .thinOldest]) func itCostsNothingThatSomebodyWaitsFor(_ whenFull: WhenFull)
    async throws
  {
    let stand = try Stand(budget: 2 << 20)
    stand.settings.whenFull = whenFull
    let journal = try await stand.open()
    var random = SeededGenerator(state: 9)
    while fileSize(stand.database.path) < 1200 << 10 {
      await fill(journal, stand, commits: 10, records: 200, &random)
    }
    #expect(journal.counters().purgedRecords == 0 && journal.counters().thinnedRecords == 0)
    let usual = try #require(await journal.opened?.file.usualLog)

    var configuration = Configuration()
    configuration.readonly = true
    configuration.allowsUnsafeTransactions = true
    let reader = try DatabaseQueue(path: stand.database.path, configuration: configuration)
    for holding in 1...2 {
      try await reader.writeWithoutTransaction { db in
        try db.execute(sql: "BEGIN")
        _ = try Int.fetchOne(db, sql: "SELECT count(*) FROM log")
      }
      while fileSize(stand.database.path + "-wal") < 6 * usual {
        await fill(journal, stand, commits: 1, records: 2, &random)
      }
      await fill(journal, stand, commits: 3, records: 2, &random)
      #expect(journal.counters().purgedRecords == 0 && journal.counters().thinnedRecords == 0)
      #expect(try await warnings(journal) == holding)

      try await reader.writeWithoutTransaction { try $0.execute(sql: "COMMIT") }
      await fill(journal, stand, commits: 3, records: 2, &random)
      #expect(fileSize(stand.database.path + "-wal") <= usual)
      #expect(journal.counters().bytes <= 2 << 20)
    }
    let next = try #require(await journal.next(.telemetry))
    #expect(try await journal.seqs(.telemetry) == Array(1..<next.seq))
    try reader.close()
    await journal.close()
  }

  /// Rows enough for SQLite to look at the time.
  private static let long = """
    WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n LIMIT 200000) SELECT count(*) FROM n
    """

  @Test func aLongReadIsGivenUpWhereSomebodyWrites() async throws {
    let stand = try Stand()
    let journal = try await stand.open()
    #expect(await stand.commit(5, to: journal))
    let reader = try JournalReader(folder: stand.folder.path)
    // Nobody writes: however long.
    #expect(try reader.queue.read(patience: .zero) { try Int.fetchOne($0, sql: Self.long) } == 200_000)
    let writer = try DatabaseQueue(path: stand.database.path)
    #expect(throws: JournalReader.Failure.tooLong(seconds: 0)) {
      try reader.queue.read(patience: .zero) { db in
        _ = try Int.fetchOne(db, sql: "SELECT count(*) FROM segment")
        try writer.write { try $0.execute(sql: "INSERT INTO state VALUES ('x', zeroblob(200000))") }
        _ = try Int.fetchOne(db, sql: Self.long)
      }
    }
    // Its patience, and the next read, begin anew.
    #expect(try reader.queue.read { try Int.fetchOne($0, sql: Self.long) } == 200_000)
    #expect(try reader.queue.read(patience: .zero) { try Int.fetchOne($0, sql: Self.long) } == 200_000)
    try writer.close()
    await journal.close()
  }
}
