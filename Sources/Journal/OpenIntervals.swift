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

  /// The beginning stands in front, because it is needed most where the rest cannot be read.
  func store(_ samples: [Sample], of log: Ledger.Log, shapes: inout ShapeTable) throws {
    guard let begin = samples.map({ $0.measured.wall - ($0.span ?? .zero) }).min() else {
      return try db.run("DELETE FROM state WHERE key = ?", [key(log)])
    }
    var writer = ByteWriter()
    writer.signed(begin.milliseconds)
    writer.raw(Payload(samples, shapes: &shapes).bytes)
    try db.run("INSERT OR REPLACE INTO state(key, value) VALUES (?, ?)", [key(log), blob(writer.bytes)])
  }

  /// Hands over what the last process left in logs that go on, and deletes it. What cannot be read, or has no log to
  /// go to, is lost: that log is complete only up to its beginning.
  func take(_ ledger: inout Ledger, where goesOn: (Ledger.Log) -> Bool) throws -> [Reporters.Report] {
    var reports: [Reporters.Report] = []
    for (index, log) in ledger.logs.enumerated() where log.kind == .telemetry {
      let row = try Row.fetchOne(db, sql: "SELECT value FROM state WHERE key = ?", arguments: [key(log)])
      guard let row else { continue }
      try db.run("DELETE FROM state WHERE key = ?", [key(log)])
      var reader = ByteReader(try row.bytes("value"))
      let begin = Timestamp(milliseconds: try (try? reader.signed()) ?? newest(log))
      let samples = try? SampleDecoding.decode(Array(reader.raw(reader.remaining)), table: ledger.shapes)
      if let samples, goesOn(log) {
        reports.append(Reporters.Report(log: log.id, samples: samples))
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

extension CommitTransaction {
  /// What does not stand in the log yet is on the disk all the same, so the log is complete up to the newest sample.
  mutating func keep(_ report: Reporters.Report, until newest: Timestamp?) throws {
    guard let index = ledger.logs.firstIndex(where: { $0.id == report.log }) else { return }
    if let newest { ledger.logs[index].lastTime = newest }
    guard ledger.logs[index].hasPending || !report.pending.isEmpty else { return }
    try OpenIntervals(db: db).store(report.pending, of: ledger.logs[index], shapes: &ledger.shapes)
    ledger.logs[index].hasPending = !report.pending.isEmpty
  }
}
