import EnergyModel
import GRDB

/// The rows of the table `segment`.
struct SegmentTable {
  /// A segment without its payload.
  struct Key: Sendable {
    var id: Int64
    var range: SequenceRange
    var lastTime: Timestamp
  }

  let db: Database

  func insert(_ log: Int64, _ range: SequenceRange, _ times: (Timestamp, Timestamp), _ payload: Payload) throws {
    try db.run(
      "INSERT INTO segment(log, first, last, first_time, last_time, format, payload) VALUES (?, ?, ?, ?, ?, ?, ?)",
      [
        log, signed(range.first), signed(range.last), times.0.milliseconds, times.1.milliseconds,
        payload.format.rawValue, blob(payload.bytes),
      ])
  }

  func delete(_ key: Key) throws { try db.run("DELETE FROM segment WHERE id = ?", [key.id]) }

  /// Segments that share a seq with `range`, oldest first.
  func keys(_ log: Int64, overlapping range: SequenceRange, limit: Int) throws -> [Key] {
    // The segment that begins at or before the range may reach into it; beginning the search there
    // skips everything older.
    let start =
      try Int64.fetchOne(
        db.cachedStatement(sql: "SELECT max(first) FROM segment WHERE log = ? AND first <= ?"),
        arguments: [log, signed(range.first)]) ?? 0
    let rows = try Row.fetchAll(
      db.cachedStatement(
        sql: """
          SELECT id, first, last, last_time FROM segment
          WHERE log = ? AND first BETWEEN ? AND ? AND last >= ? ORDER BY first LIMIT ?
          """), arguments: [log, start, signed(range.last), signed(range.first), limit])
    return try rows.map(key)
  }

  /// How many records are held of `range`.
  func records(_ log: Int64, in range: SequenceRange) throws -> UInt64 {
    let sum = try Int64.fetchOne(
      db.cachedStatement(
        sql: """
          SELECT sum(min(last, ?3) - max(first, ?2) + 1) FROM segment
          WHERE log = ?1 AND last >= ?2 AND first <= ?3
            AND first >= coalesce((SELECT max(first) FROM segment WHERE log = ?1 AND first <= ?2), 0)
          """), arguments: [log, signed(range.first), signed(range.last)])
    return UInt64(clamping: sum ?? 0)
  }

  /// The parts of `range` that no segment holds, oldest first, at most `limit`.
  func holes(_ log: Int64, in range: SequenceRange, limit: Int) throws -> [SequenceRange] {
    let rows = try Row.fetchCursor(
      db.cachedStatement(
        sql: """
          SELECT first, last FROM segment WHERE log = ?1 AND last >= ?2 AND first <= ?3
            AND first >= coalesce((SELECT max(first) FROM segment WHERE log = ?1 AND first <= ?2), 0) ORDER BY first
          """), arguments: [log, signed(range.first), signed(range.last)])
    var holes: [SequenceRange] = []
    var next = range.first
    while holes.count < limit, let row = try rows.next() {
      let held = try row.range()
      if held.first > next { holes.append(SequenceRange(next, held.first - 1)) }
      next = max(next, held.last + 1)
    }
    if holes.count < limit, next <= range.last { holes.append(SequenceRange(next, range.last)) }
    return holes
  }

  func held(_ log: Int64) throws -> SequenceRange? {
    let row = try Row.fetchOne(
      db.cachedStatement(
        sql: """
          SELECT (SELECT min(first) FROM segment WHERE log = ?1) AS first,
            (SELECT last FROM segment WHERE log = ?1 ORDER BY first DESC LIMIT 1) AS last
          """), arguments: [log])
    guard let row, !(row["first"] as DatabaseValue).isNull else { return nil }
    return try row.range()
  }

  func segment(_ key: Key, of log: Ledger.Log, shapes: ShapeTable) throws -> Segment {
    let row = try Row.fetchOne(
      db.cachedStatement(sql: "SELECT first_time, format, payload FROM segment WHERE id = ?"), arguments: [key.id])
    guard let row else { throw SegmentDamage.malformed("the row is gone") }
    let number = try row.integer("format")
    guard let format = SegmentFormat(rawValue: number) else { throw SegmentDamage.unknownFormat(number) }
    let records = try Payload(format: format, bytes: try row.bytes("payload")).records(in: key.range, shapes: shapes)
    return Segment(
      epoch: log.epoch, log: log.name, range: key.range,
      firstTime: Timestamp(milliseconds: try row.integer("first_time")),
      lastTime: key.lastTime, records: records, isThinned: format.isThinned)
  }

  func key(_ row: Row) throws -> Key {
    Key(
      id: try row.integer("id"), range: try row.range(),
      lastTime: Timestamp(milliseconds: try row.integer("last_time")))
  }
}
