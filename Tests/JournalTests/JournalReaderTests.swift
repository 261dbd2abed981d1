import EnergyModel
import Foundation
import GRDB
import TestKit
import Testing

@testable import Journal

/// Reading from beside: what another process sees, and what it must not disturb.
@Suite struct JournalReaderTests {
  private func all(_ reader: JournalReader, _ log: JournalReader.Log, limit: Int = 4) throws -> [Segment] {
    var segments: [Segment] = []
    var next: UInt64? = 1
    while let from = next {
      let page = try reader.segments(of: log, from: from, limit: limit)
      #expect(page.segments.count <= limit)
      segments += try page.segments.map { try $0.decoded() }
      next = page.next
    }
    return segments
  }

  private func telemetry(_ reader: JournalReader) throws -> JournalReader.Log {
    try #require(try reader.logs().first { $0.kind == .telemetry })
  }

  @Test func itSeesWhatIsCommittedWhileTheJournalWrites() async throws {
    let stand = try Stand()
    let journal = try await stand.open()
    let reader = try JournalReader(folder: stand.folder.path)
    #expect(try telemetry(reader).held == nil)
    for commit in 1...30 {
      #expect(await stand.commit(3, to: journal))
      let log = try telemetry(reader)
      #expect(log.held == SequenceRange(1, UInt64(commit * 3)))
      #expect(try all(reader, log).map(\.range).last?.last == log.held?.last)
    }
    #expect(try await all(reader, telemetry(reader)) == journal.waiting(.telemetry))
    // Nothing is held open between two pages, so the write-ahead log can be emptied behind the reader.
    #expect(try await journal.pragma("wal_checkpoint(TRUNCATE)") == "0")
    #expect(stand.database.path + "-wal" != "" && fileSize(stand.database.path + "-wal") == 0)
    await journal.close()
    #expect(try telemetry(reader).held?.last == 90)
  }

  @Test func itReadsAStoppedJournalAndChangesNothing() async throws {
    let stand = try Stand()
    let journal = try await stand.open()
    #expect(await stand.commit(5, to: journal))
    await journal.close()
    let before = try Data(contentsOf: stand.database)
    let reader = try JournalReader(folder: stand.folder.path)
    #expect(try all(reader, telemetry(reader)).flatMap(\.records).count == 5)
    #expect(throws: (any Error).self) { try reader.queue.read { try $0.execute(sql: "DELETE FROM segment") } }
    #expect(try Data(contentsOf: stand.database) == before)
    let again = try await stand.open()
    #expect(again.counters().fault == nil)
    #expect(try await again.log(.telemetry).held == SequenceRange(1, 5))
    await again.close()
  }

  @Test func itReadsWhatACrashLeft() async throws {
    let stand = try Stand()
    let journal = try await stand.open()
    #expect(await stand.commit(5, to: journal))
    let copy = try TemporaryFolder.make("journal-crash")
    defer { try? FileManager.default.removeItem(at: copy) }
    for suffix in ["", "-wal"] {
      try FileManager.default.copyItem(
        atPath: stand.database.path + suffix, toPath: copy.appendingPathComponent(JournalFile.name).path + suffix)
    }
    do {
      let reader = try JournalReader(folder: copy.path)
      #expect(try telemetry(reader).held == SequenceRange(1, 5))
    }
    // The log is still there for the next start to recover.
    #expect(fileSize(copy.appendingPathComponent(JournalFile.name).path + "-wal") > 0)
    await journal.close()
  }

  @Test func segmentsOfAStretchOfTime() async throws {
    let stand = try Stand()
    let journal = try await stand.open()
    for _ in 0..<10 { #expect(await stand.commit(6, to: journal)) }
    let reader = try JournalReader(folder: stand.folder.path)
    let start = Timestamp(milliseconds: 1_782_036_000_000)
    let page = try reader.segments(
      of: telemetry(reader), since: start + .seconds(20), until: start + .seconds(30))
    #expect(page.segments.map(\.range.first) == [19, 25])
    #expect(page.next == nil)
    await journal.close()
  }

  @Test func historyComesPageByPage() async throws {
    let stand = try Stand()
    let journal = try await stand.open()
    for step in 0..<60 {
      journal.accept(stand.sample(power: Double(step)))
      stand.time.advance(by: .seconds(30))
      #expect(await journal.commit())
    }
    let reader = try JournalReader(folder: stand.folder.path)
    #expect(try reader.devices() == ["meter": [.power, .frequency]])
    let start = Timestamp(milliseconds: 1_782_036_000_000)
    var values: [JournalReader.HistoryValue] = []
    var next: Timestamp? = start + .seconds(60)
    while let from = next {
      let page = try reader.history(.power, of: "meter", .minute, from: from, to: start + .seconds(1200), limit: 7)
      values += page.values
      next = page.next
    }
    #expect(values.map(\.time) == (1..<20).map { start + .seconds($0 * 60) })
    #expect(values.map(\.mean) == (1..<20).map { Double($0 * 2) + 0.5 })
    #expect(values.allSatisfy { $0.count == 2 && $0.high - $0.low == 1 && !$0.isPartial })
    let quarter = try reader.history(.power, of: "meter", .quarter, from: start, to: start + .seconds(3600))
    #expect(quarter.values.map(\.mean) == [14.5])
    #expect(try reader.history(.soc, of: "meter", .minute, from: start, to: start + .seconds(3600)).values.isEmpty)
    await journal.close()
  }

  @Test func statisticsCount() async throws {
    let stand = try Stand()
    var journal = try await stand.open()
    for _ in 0..<30 { #expect(await stand.commit(6, to: journal)) }
    try await journal.acknowledge(1, 100)
    await journal.close()
    journal = try await stand.open()
    let statistics = try JournalReader(folder: stand.folder.path).statistics()
    let log = try #require(statistics.logs.first { $0.log.kind == .telemetry })
    #expect(log.records == 180)
    #expect(log.segments == 30)
    #expect(log.log.choice == "raw: all")
    #expect(log.backlog["vpp"] == 80)
    #expect(log.oldest == Timestamp(milliseconds: 1_782_036_001_000))
    #expect(log.newest == Timestamp(milliseconds: 1_782_036_180_000))
    #expect(log.bytesPerValue.map { $0 * 360 } == Double(log.bytes))
    #expect(statistics.boots == 2)
    #expect(statistics.crashes == 0)
    #expect(statistics.minutes.rows == 4)
    #expect(statistics.minutes.partialRows == 1)
    #expect(statistics.minutes.bytes > 0)
    #expect(statistics.quarters.rows == 0)
    #expect(statistics.reserveBytes == stand.settings.reserve)
    await journal.close()
  }

  @Test func whatIsWrongIsSaidClearly() async throws {
    let stand = try Stand()
    let path = stand.database.path
    #expect(throws: JournalReader.Failure.missing(path: path)) { try JournalReader(folder: stand.folder.path) }
    try Data(repeating: 7, count: 5000).write(to: stand.database)
    let failure = #expect(throws: JournalReader.Failure.self) { try JournalReader(folder: stand.folder.path) }
    #expect(failure?.description.contains("no journal") == true)
    try FileManager.default.removeItem(at: stand.database)
    let journal = try await stand.open()
    try await journal.execute("PRAGMA user_version = 9")
    #expect(throws: JournalReader.Failure.otherSchema(path: path, found: 9)) {
      try JournalReader(folder: stand.folder.path)
    }
    await journal.close()
  }
}
