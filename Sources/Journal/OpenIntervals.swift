import EnergyModel
import GRDB

/// What intervals that have not ended gathered up to a commit: the records that they would make if nothing came any
/// more. They lie beside the logs, without a seq, and each commit replaces them, so that a crash costs an average of a
/// quarter hour no more than any other record: what came since the last commit. The next start makes them records,
/// as short as what they cover.
struct OpenIntervals {
  let db: Database

  /// Keys of `state`, with the log's epoch behind.
  private static let prefix = "journal.open-intervals/"

  private func key(_ log: Ledger.Log) -> String { "\(Self.prefix)\(log.epoch)" }

  /// Of one log, as the row keeps them: the beginning in front, because it is needed most where the rest cannot be read.
  struct Row: Sendable {
    var log: Int64
    /// Empty where nothing is open.
    var bytes: [UInt8] = []

    init(_ samples: [Sample], of log: Int64, shapes: inout ShapeTable) {
      self.log = log
      guard let begin = samples.map({ $0.measured.wall - ($0.span ?? .zero) }).min() else { return }
      var writer = ByteWriter()
      writer.signed(begin.milliseconds)
      writer.raw(Payload(samples, shapes: &shapes).bytes)
      bytes = writer.bytes
    }
  }

  func store(_ row: Row, of log: Ledger.Log) throws {
    if row.bytes.isEmpty { return try db.run("DELETE FROM state WHERE key = ?", [key(log)]) }
    try db.run("INSERT OR REPLACE INTO state(key, value) VALUES (?, ?)", [key(log), blob(row.bytes)])
  }

  /// Hands over what the last process left in logs that go on, and deletes it. What cannot be read, or has no log to
  /// go to, is lost: that log is complete only up to its beginning.
  /// - Parameter own: logs of which this process has them in memory.
  func take(
    _ ledger: inout Ledger, exceptOf own: Set<Epoch>, where goesOn: (Ledger.Log) -> Bool
  ) throws -> [Reporters.Report] {
    var reports: [Reporters.Report] = []
    for (index, log) in ledger.logs.enumerated() where log.kind == .telemetry {
      ledger.logs[index].hasPending = own.contains(log.epoch)
      guard !own.contains(log.epoch) else { continue }
      let row = try GRDB.Row.fetchOne(db, sql: "SELECT value FROM state WHERE key = ?", arguments: [key(log)])
      guard let row else { continue }
      try db.run("DELETE FROM state WHERE key = ?", [key(log)])
      var reader = ByteReader(try row.bytes("value"))
      let begin = Timestamp(milliseconds: try (try? reader.signed()) ?? newest(log))
      let samples = try? SampleDecoding.decode(Array(reader.raw(reader.remaining)), table: ledger.shapes)
      if let samples, goesOn(log) {
        reports.append(Reporters.Report(log: log.id, samples: samples.map(\.withoutPlaceholders)))
      } else {
        ledger.logs[index].lastTime = log.lastTime.map { min($0, begin) }
      }
    }
    return reports
  }

  /// Where nobody can say when they began: not before the newest record, or when the box was last started.
  private func newest(_ log: Ledger.Log) throws -> Int64 {
    let sql = "SELECT coalesce((SELECT max(last_time) FROM segment WHERE log = ?), (SELECT max(started) FROM boot))"
    return try Int64.fetchOne(db, sql: sql, arguments: [log.id]) ?? 0
  }
}

extension Sample {
  /// Without the points of which nothing came, see ``IntervalMeans/pending``.
  fileprivate var withoutPlaceholders: Sample {
    var sample = self
    sample.readings.removeAll { $0.quality == .good && $0.value == nil }
    return sample
  }
}

extension CommitTransaction {
  /// What is open of a log; nil where its row stays as it is.
  mutating func openIntervals(of report: Reporters.Report, isNew: Bool) -> OpenIntervals.Row? {
    guard let log = ledger.logs.first(where: { $0.id == report.log }) else { return nil }
    let isOpen = !report.pending.isEmpty
    guard log.hasPending != isOpen || isOpen && (isNew || !report.samples.isEmpty) else { return nil }
    return OpenIntervals.Row(report.pending, of: log.id, shapes: &ledger.shapes)
  }

  mutating func keep(_ rows: [OpenIntervals.Row]) throws {
    for row in rows {
      guard let index = ledger.logs.firstIndex(where: { $0.id == row.log }) else { continue }
      try OpenIntervals(db: db).store(row, of: ledger.logs[index])
      ledger.logs[index].hasPending = !row.bytes.isEmpty
    }
  }

  /// What does not stand in a log yet is on the disk all the same, so it is complete up to the newest sample.
  mutating func stand(_ reports: [Reporters.Report], at newest: Timestamp) {
    for report in reports {
      guard let index = ledger.logs.firstIndex(where: { $0.id == report.log }) else { continue }
      ledger.logs[index].lastTime = newest
    }
  }

  /// The logs are complete up to where another ledger has them.
  mutating func standWhere(_ other: Ledger) {
    for log in other.logs {
      guard let index = ledger.logs.firstIndex(where: { $0.id == log.id }) else { continue }
      ledger.logs[index].lastTime = log.lastTime
    }
  }
}
