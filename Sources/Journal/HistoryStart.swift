import EnergyModel
import GRDB

/// History as a start finds it: the minute that a crash cut is computed anew from a raw log, where there is one.
struct HistoryStart {
  /// How many minutes before the newest record are looked at: a minute is stored with the first commit after
  /// its end, so no more than the last few can be missing.
  private static let rebuiltMinutes: Int64 = 3
  private static let mostSegments = 4096

  let db: Database
  let shapes: ShapeTable

  /// - Parameter start: since when readings are collected.
  func history(start: Moment, limits: History.Limits) throws -> History {
    var history = History()
    history.limits = limits
    history.builder = HistoryBuilder(start: start)
    history.minuteBytes = try counter(.minute)
    history.quarterBytes = try counter(.quarter)
    // A budget that was lowered since must not be made up for by data that nobody has yet.
    history.minuteBytes -= try HistoryTable(db: db, name: .minute).deleteOldest(
      before: .min, bytes: history.minuteBytes - limits.minuteBytes, most: .max)
    history.quarterBytes -= try HistoryTable(db: db, name: .quarter).deleteOldest(
      before: .min, bytes: history.quarterBytes - limits.quarterBytes, most: .max)
    let quarters = HistoryTable(db: db, name: .quarter)
    if let newest = try HistoryTable(db: db, name: .minute).newest() {
      let quarter = HistoryBuilder.begin(of: newest, HistoryTable.Name.quarter.length)
      if try !quarters.has(quarter) { history.dueQuarters.insert(quarter) }
    }
    for (minute, row) in try rebuilt() { history.builder.adopt(row, minute: minute) }
    return history
  }

  private func counter(_ name: HistoryTable.Name) throws -> Int {
    let value = try Int64.fetchOne(db, sql: "SELECT value FROM counter WHERE name = ?", arguments: [name.counter])
    return max(0, Int(clamping: value ?? 0))
  }

  /// Minutes that have no row, or one of less than the log has.
  private func rebuilt() throws -> [Int64: HistoryRow] {
    let newest = try Row.fetchOne(
      db,
      sql: """
        SELECT id, last_time FROM log
        WHERE kind = 0 AND choice = ? AND last_time IS NOT NULL ORDER BY last_time DESC LIMIT 1
        """, arguments: [ReportingChoice.raw.description])
    guard let newest else { return [:] }
    let last = HistoryBuilder.minute(of: Timestamp(milliseconds: try newest.integer("last_time")))
    let first = last - (Self.rebuiltMinutes - 1) * HistoryBuilder.minute
    var cuts = try boots(since: first)
    cuts.insert(last)
    let table = HistoryTable(db: db, name: .minute)
    var missing: Set<Int64> = []
    for minute in stride(from: first, through: last, by: Int(HistoryBuilder.minute)) {
      // A row of before an earlier restart within the same minute is the lesser one.
      if try table.row(at: minute, shapes: shapes)?.isPartial ?? true { missing.insert(minute) }
    }
    guard let since = missing.min() else { return [:] }
    var rows: [Int64: HistoryRow] = [:]
    for sample in try samples(of: newest.integer("id"), since: Timestamp(milliseconds: since)) {
      let minute = HistoryBuilder.minute(of: sample.measured.wall)
      if missing.contains(minute) { rows[minute, default: HistoryRow()].add(sample) }
    }
    for (minute, row) in rows {
      rows[minute]?.isPartial = cuts.contains(minute)
      let held = try table.row(at: minute, shapes: shapes)?.readings ?? 0
      if row.readings <= held { rows[minute] = nil }
    }
    return rows
  }

  /// The minutes that a start cut.
  private func boots(since first: Int64) throws -> Set<Int64> {
    let starts = try Int64.fetchAll(db, sql: "SELECT started FROM boot WHERE started >= ?", arguments: [first])
    return Set(starts.map { HistoryBuilder.begin(of: $0, HistoryBuilder.minute) }).subtracting(starts)
  }

  /// In the order in which they were recorded. What cannot be read is left out.
  private func samples(of log: Int64, since: Timestamp) throws -> [Sample] {
    let table = SegmentTable(db: db)
    var samples: [Sample] = []
    guard let held = try table.held(log) else { return [] }
    let young = try table.unsent(log, outside: SequenceRangeSet(), of: held, since: since, limit: Self.mostSegments)
    for stored in young {
      guard let format = SegmentFormat(rawValue: stored.format), !format.isThinned else { continue }
      let records = try? Payload(format: format, bytes: stored.bytes).records(in: stored.key.range, shapes: shapes)
      for record in records ?? [] {
        if case .sample(let sample) = record.body, sample.measured.isClockTrusted, sample.span == nil {
          samples.append(sample)
        }
      }
    }
    return samples
  }
}
