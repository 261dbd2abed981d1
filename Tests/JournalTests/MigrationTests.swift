import EnergyModel
import Foundation
import GRDB
import TestKit
import Testing

@testable import Journal

/// What earlier versions wrote is read and goes on.
@Suite struct MigrationTests {
  /// The tables of schema version 1, letter by letter: they are on disks in the field.
  private static let first = """
    CREATE TABLE log(
      id INTEGER PRIMARY KEY, epoch INTEGER NOT NULL UNIQUE, name TEXT NOT NULL, kind INTEGER NOT NULL,
      next INTEGER NOT NULL, last_time INTEGER, retired INTEGER NOT NULL DEFAULT 0) STRICT;
    CREATE TABLE segment(
      id INTEGER PRIMARY KEY, log INTEGER NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL,
      first_time INTEGER NOT NULL, last_time INTEGER NOT NULL, format INTEGER NOT NULL, payload BLOB NOT NULL) STRICT;
    CREATE UNIQUE INDEX segment_range ON segment(log, first, last, last_time);
    CREATE TABLE acknowledged(
      destination TEXT NOT NULL, log INTEGER NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL,
      PRIMARY KEY(destination, log, first)) WITHOUT ROWID, STRICT;
    CREATE TABLE state(key TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID, STRICT;
    CREATE TABLE shape(number INTEGER PRIMARY KEY, device TEXT NOT NULL, points TEXT NOT NULL) STRICT;
    CREATE TABLE counter(name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID, STRICT;
    CREATE TABLE boot(n INTEGER PRIMARY KEY, started INTEGER NOT NULL, clean INTEGER NOT NULL DEFAULT 0) STRICT;
    PRAGMA user_version = 1;
    """

  private static let epochs: [Int64] = [-77, 4711]

  /// Two segments of telemetry, one of events, as version 1 left them after a clean stop.
  private func write(_ stand: Stand) throws -> [Sample] {
    let samples = (0..<10).map { number -> Sample in
      stand.time.advance(by: .seconds(1))
      return stand.sample(power: Double(number))
    }
    var shapes = ShapeTable()
    let payloads = [Payload(Array(samples[..<6]), shapes: &shapes), Payload(Array(samples[6...]), shapes: &shapes)]
    #expect(payloads.allSatisfy { $0.format == .samples })
    let now = stand.time.now().wall.milliseconds
    let queue = try DatabaseQueue(path: stand.database.path)
    try queue.writeWithoutTransaction { db in
      try db.execute(sql: Self.first)
      for (id, name) in [(1, "events"), (2, "telemetry")] {
        try db.execute(
          sql: "INSERT INTO log(id, epoch, name, kind, next, last_time) VALUES (?, ?, ?, ?, ?, ?)",
          arguments: [id, Self.epochs[id - 1], name, id == 2 ? 0 : 1, id == 2 ? 12 : 2, now])
      }
      // Seq 11 was given and its segment is gone.
      for (index, range) in [(1, 6), (7, 10)].enumerated() {
        try SegmentTable(db: db).insert(
          2, SequenceRange(UInt64(range.0), UInt64(range.1)),
          (samples[range.0 - 1].measured.wall, samples[range.1 - 1].measured.wall), payloads[index])
      }
      let entry = EntryCoding.Stored(time: stand.time.now().wall, body: #""kind":"event","name":"old""#)
      try SegmentTable(db: db).insert(1, SequenceRange(1, 1), (entry.time, entry.time), Payload([entry]))
      for (number, shape) in shapes.fresh {
        try db.execute(
          sql: "INSERT INTO shape VALUES (?, ?, ?)", arguments: [number, shape.device.name, shape.pointNames])
      }
      try db.execute(sql: "INSERT INTO acknowledged VALUES ('vpp', 2, 1, 6)")
      try db.execute(sql: "INSERT INTO state VALUES ('memory', x'010203')")
      try db.execute(sql: "INSERT INTO counter VALUES ('purged', 1), ('dropped_samples', 3)")
      try db.execute(sql: "INSERT INTO boot VALUES (7, ?, 1)", arguments: [now])
    }
    try queue.close()
    return samples
  }

  @Test func aFileOfTheFirstVersionGoesOn() async throws {
    let stand = try Stand()
    let samples = try write(stand)
    for start in 0...1 {
      let journal = try await stand.open()
      #expect(journal.counters().fault == nil)
      #expect(journal.boot == 8 + start)
      let log = try await journal.log(.telemetry)
      #expect(log.epoch == Epoch(number: 4711))
      #expect(try await journal.log(.events).epoch == Epoch(number: UInt64(bitPattern: -77)))
      let waiting = try await journal.waiting(.telemetry)
      #expect(waiting.first?.range == SequenceRange(7, 10))
      let records = waiting.first?.records.compactMap { record -> [Reading]? in
        if case .sample(let sample) = record.body { sample.readings } else { nil }
      }
      #expect(records == samples[6...].map(\.readings))
      #expect(try await journal.load("memory") == [1, 2, 3])
      #expect(journal.counters().purgedRecords == 1 && journal.counters().droppedSamples == 3)
      #expect(try await journal.entries().first?.contains("old") == true)
      // Not 11, which somebody may have.
      #expect(await stand.commit(1, to: journal))
      #expect(try await journal.seqs(.telemetry).last == 12 + UInt64(start))
      try await journal.replay([SequenceRange(1, 3)], of: log.epoch, to: "vpp")
      #expect(try await journal.waiting(.telemetry).first?.range == SequenceRange(1, 6))
      try await journal.acknowledge(1, 6)
      #expect(try await journal.pragma("user_version") == "\(Schema.version)")
      #expect(try await journal.queue?.read { try Schema.isWhole($0) } == true)
      await journal.close()
    }
    #expect(!FileManager.default.fileExists(atPath: stand.database.path + ".damaged-1"))
  }
}
