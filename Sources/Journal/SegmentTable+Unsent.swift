import EnergyModel
import GRDB

/// A segment as it is stored.
struct StoredSegment: Sendable {
  var key: SegmentTable.Key
  var firstTime: Timestamp
  /// A number of ``SegmentFormat``.
  var format: Int64
  var bytes: [UInt8]

  func segment(of log: Ledger.Log, shapes: ShapeTable) throws(SegmentDamage) -> Segment {
    guard let format = SegmentFormat(rawValue: format) else { throw .unknownFormat(format) }
    let records = try Payload(format: format, bytes: bytes).records(in: key.range, shapes: shapes)
    return Segment(
      epoch: log.epoch, log: log.name, range: key.range, firstTime: firstTime, lastTime: key.lastTime,
      records: records, isThinned: format.isThinned)
  }
}

extension SegmentTable {
  /// Segments of `held` that `covered` does not contain as a whole, oldest first; with `since`, of the young end
  /// of the log alone. Seeks from gap to gap, so what is covered costs nothing.
  func unsent(
    _ log: Int64, outside covered: SequenceRangeSet, of held: SequenceRange, since: Timestamp?, limit: Int
  ) throws -> [StoredSegment] {
    var gaps = covered.gaps(in: held)
    if let since { gaps = try youngEnd(log, of: gaps, since: since) }
    var found: [StoredSegment] = []
    for gap in gaps {
      guard found.count < limit else { break }
      // A segment that reaches over a covered part belongs to two gaps.
      for stored in try stored(log, overlapping: gap, since: since, limit: limit - found.count + 1)
      where stored.key.id != found.last?.key.id {
        found.append(stored)
      }
    }
    return Array(found.prefix(limit))
  }

  /// The gaps, or their last parts, whose segments are not older than `since`, going back from the newest as far
  /// as that holds.
  private func youngEnd(_ log: Int64, of gaps: [SequenceRange], since: Timestamp) throws -> [SequenceRange] {
    var young: [SequenceRange] = []
    for gap in gaps.reversed() {
      let start = try start(log, of: gap)
      let oldest = try ages(log, start, gap, isNewestFirst: false)
      guard let row = try oldest.next() else { continue }
      if try isYoung(row, since) {
        young.append(gap)
        continue
      }
      var begin: UInt64?
      let ages = try ages(log, start, gap, isNewestFirst: true)
      while let row = try ages.next(), try isYoung(row, since) { begin = try row.number(at: 0) }
      if let begin { young.append(SequenceRange(max(begin, gap.first), gap.last)) }
      break
    }
    return young.reversed()
  }

  private func isYoung(_ row: Row, _ since: Timestamp) throws -> Bool {
    try row.integer(at: 1) >= since.milliseconds
  }

  /// The seq of the segment that begins at or before the range and may reach into it; beginning a search there
  /// skips everything older.
  private func start(_ log: Int64, of range: SequenceRange) throws -> Int64 {
    try Int64.fetchOne(
      db.cachedStatement(sql: "SELECT max(first) FROM segment WHERE log = ? AND first <= ?"),
      arguments: [log, signed(range.first)]) ?? 0
  }

  /// `first` and `last_time` of the segments that share a seq with `range`.
  private func ages(_ log: Int64, _ start: Int64, _ range: SequenceRange, isNewestFirst: Bool) throws -> RowCursor {
    try Row.fetchCursor(
      db.cachedStatement(
        sql: """
          SELECT first, last_time FROM segment
          WHERE log = ? AND first BETWEEN ? AND ? AND last >= ? ORDER BY first \(isNewestFirst ? "DESC" : "ASC")
          """), arguments: [log, start, signed(range.last), signed(range.first)])
  }

  private func stored(
    _ log: Int64, overlapping range: SequenceRange, since: Timestamp?, limit: Int
  ) throws -> [StoredSegment] {
    let rows = try Row.fetchCursor(
      db.cachedStatement(
        sql: """
          SELECT id, first, last, first_time, last_time, format, payload FROM segment
          WHERE log = ? AND first BETWEEN ? AND ? AND last >= ? AND last_time >= ? ORDER BY first LIMIT ?
          """),
      arguments: [
        log, try start(log, of: range), signed(range.last), signed(range.first), since?.milliseconds ?? .min, limit,
      ])
    var found: [StoredSegment] = []
    while let row = try rows.next() { found.append(try stored(row)) }
    return found
  }

  private func stored(_ row: Row) throws -> StoredSegment {
    StoredSegment(
      key: Key(
        id: try row.integer(at: 0), range: try row.range(at: 1, 2),
        lastTime: Timestamp(milliseconds: try row.integer(at: 4))),
      firstTime: Timestamp(milliseconds: try row.integer(at: 3)), format: try row.integer(at: 5),
      bytes: try row.bytes(at: 6))
  }
}
