public import EnergyModel
import Foundation
import GRDB

extension JournalReader {
  /// What the journal holds.
  public struct Statistics: Sendable {
    public var logs: [LogStatistics] = []
    public var minutes = HistoryStatistics()
    public var quarters = HistoryStatistics()
    /// Bytes of the database, its write-ahead log and the reserve file.
    public var fileBytes = 0
    public var logBytes = 0
    public var reserveBytes = 0
    /// Pages of the database that are free for use again, in bytes.
    public var freeBytes = 0
    /// Counters that outlive a restart, by name.
    public var counters: [String: Int64] = [:]
    public var boots = 0
    public var lastBoot: Timestamp?
    /// Starts before the last one that did not end with a clean stop.
    public var crashes = 0
  }

  public struct LogStatistics: Sendable {
    public var log: Log
    public var segments = 0
    /// Held, those that thinning stands for included.
    public var records: UInt64 = 0
    /// Of `records`, those that coarser averages stand for.
    public var thinnedRecords: UInt64 = 0
    public var oldest: Timestamp?
    public var newest: Timestamp?
    /// Of the payloads.
    public var bytes = 0
    /// Payload bytes a value, of a sample of up to some hundred segments; nil where there are no values.
    public var bytesPerValue: Double?
    /// Records held that a destination has not acknowledged.
    public var backlog: [DestinationID: UInt64] = [:]

    fileprivate var sampled = (bytes: 0, values: 0)
  }

  public struct HistoryStatistics: Sendable {
    public var rows = 0
    public var partialRows = 0
    public var bytes = 0
    public var oldest: Timestamp?
    public var newest: Timestamp?
  }

  /// Counts everything, page by page; while the agent writes, the pages are of different moments.
  public func statistics() throws -> Statistics {
    var statistics = Statistics()
    try countSegments(into: &statistics)
    for index in statistics.logs.indices {
      statistics.logs[index].backlog = try backlog(statistics.logs[index].log)
    }
    statistics.minutes = try count(.minute)
    statistics.quarters = try count(.quarter)
    let path = folder + "/" + JournalFile.name
    statistics.fileBytes = fileSize(path)
    statistics.logBytes = fileSize(path + "-wal")
    statistics.reserveBytes = fileSize(folder + "/reserve")
    try queue.read { db in
      let pageSize = try Int.fetchOne(db, sql: "PRAGMA page_size") ?? 0
      statistics.freeBytes = pageSize * (try Int.fetchOne(db, sql: "PRAGMA freelist_count") ?? 0)
      for row in try Row.fetchAll(db, sql: "SELECT name, value FROM counter") {
        statistics.counters[try row.text("name")] = try row.integer("value")
      }
      let boots = try Row.fetchAll(db, sql: "SELECT started, clean FROM boot ORDER BY n")
      statistics.boots = boots.count
      statistics.lastBoot = try boots.last.map { Timestamp(milliseconds: try $0.integer("started")) }
      statistics.crashes = try boots.dropLast().filter { try $0.integer("clean") == 0 }.count
    }
    return statistics
  }

  private func countSegments(into statistics: inout Statistics) throws {
    let logs = try logs()
    statistics.logs = logs.map { LogStatistics(log: $0) }
    let places = Dictionary(uniqueKeysWithValues: logs.enumerated().map { ($1.id, $0) })
    let ends = try queue.read { try Row.fetchOne($0, sql: "SELECT min(id) AS first, max(id) AS last FROM segment") }
    guard let ends, !(ends["last"] as DatabaseValue).isNull else { return }
    let first = try ends.integer("first")
    // Decoding everything takes minutes where the journal is large.
    let stride = max(1, (try ends.integer("last") - first) / 400)
    var last = first - 1
    while true {
      let rows = try queue.read { db in
        try Row.fetchAll(
          db,
          sql: """
            SELECT id, log, first, last, first_time, last_time, format, length(payload) AS size FROM segment
            WHERE id > ? ORDER BY id LIMIT 2000
            """, arguments: [last])
      }
      for row in rows {
        last = try row.integer("id")
        guard let place = places[try row.integer("log")] else { continue }
        try statistics.logs[place].add(row)
        if last % stride == 0 { try sample(last, &statistics.logs[place]) }
      }
      guard rows.count == 2000 else { break }
    }
    for (place, log) in statistics.logs.enumerated() where log.sampled.values > 0 {
      statistics.logs[place].bytesPerValue = Double(log.sampled.bytes) / Double(log.sampled.values)
    }
  }

  private func sample(_ id: Int64, _ log: inout LogStatistics) throws {
    let found = try queue.read { db in
      try (
        Row.fetchOne(db, sql: "SELECT first, last, format, payload FROM segment WHERE id = ?", arguments: [id]),
        ShapeTable(db)
      )
    }
    guard let row = found.0, let format = SegmentFormat(rawValue: try row.integer("format")) else { return }
    let payload = Payload(format: format, bytes: try row.bytes("payload"))
    // The check tells what cannot be decoded.
    guard let records = try? payload.records(in: try row.range(), shapes: found.1) else { return }
    let values = records.reduce(0) { sum, record in
      if case .sample(let sample) = record.body { sum + sample.readings.count } else { sum }
    }
    guard values > 0 else { return }
    log.sampled.bytes += payload.bytes.count
    log.sampled.values += values
  }

  private func backlog(_ log: Log) throws -> [DestinationID: UInt64] {
    guard let held = log.held else { return [:] }
    return try queue.read { db in
      try readers(log, db).mapValues { reader in
        try reader.missing(in: held).reduce(0) { try $0 + SegmentTable(db: db).records(log.id, in: $1) }
      }
    }
  }

  /// How far a destination is with a log.
  struct Reader {
    /// Beyond, it reads another log.
    var until: UInt64
    var acknowledged = SequenceRangeSet()

    /// What of `range` it reads and has not acknowledged.
    func missing(in range: SequenceRange) -> [SequenceRange] {
      range.first <= until ? acknowledged.gaps(in: SequenceRange(range.first, min(range.last, until))) : []
    }
  }

  /// Who reads a log. The event log is read by all that read any.
  func readers(_ log: Log, _ db: Database) throws -> [DestinationID: Reader] {
    var readers: [DestinationID: Reader] = [:]
    let sql = "SELECT destination, until FROM reader WHERE destination IS NOT NULL"
    let rows =
      try log.kind == .events
      ? Row.fetchAll(db, sql: sql) : Row.fetchAll(db, sql: sql + " AND log = ?", arguments: [log.id])
    for row in rows {
      let hasEnd = log.kind == .telemetry && !(row["until"] as DatabaseValue).isNull
      readers[DestinationID(try row.text("destination"))] = Reader(until: hasEnd ? try row.number("until") : .max)
    }
    let ranges = "SELECT destination, first, last FROM acknowledged WHERE log = ?"
    for row in try Row.fetchAll(db, sql: ranges, arguments: [log.id]) {
      let destination = DestinationID(try row.text("destination"))
      if log.kind == .telemetry && readers[destination] == nil { continue }
      readers[destination, default: Reader(until: .max)].acknowledged.insert(try row.range())
    }
    return readers
  }

  private func count(_ name: HistoryTable.Name) throws -> HistoryStatistics {
    var statistics = HistoryStatistics()
    var next = Int64.min
    while true {
      let rows = try queue.read { db in
        try Row.fetchAll(
          db,
          sql: """
            SELECT time, partial, length(payload) AS size FROM \(name.rawValue)
            WHERE time >= ? ORDER BY time LIMIT 2000
            """, arguments: [next])
      }
      for row in rows { try statistics.add(row) }
      guard rows.count == 2000, let last = statistics.newest else { return statistics }
      next = last.milliseconds + 1
    }
  }
}

extension JournalReader.LogStatistics {
  fileprivate mutating func add(_ row: Row) throws {
    let range = try row.range()
    let first = Timestamp(milliseconds: try row.integer("first_time"))
    let last = Timestamp(milliseconds: try row.integer("last_time"))
    segments += 1
    records += range.count
    if SegmentFormat(rawValue: try row.integer("format"))?.isThinned == true { thinnedRecords += range.count }
    oldest = min(oldest ?? first, first)
    newest = max(newest ?? last, last)
    bytes += Int(try row.integer("size"))
  }
}

extension JournalReader.HistoryStatistics {
  fileprivate mutating func add(_ row: Row) throws {
    let time = Timestamp(milliseconds: try row.integer("time"))
    rows += 1
    if try row.integer("partial") != 0 { partialRows += 1 }
    bytes += Int(try row.integer("size"))
    oldest = oldest ?? time
    newest = time
  }
}
