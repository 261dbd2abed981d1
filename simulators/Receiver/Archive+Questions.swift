public import EnergyModel
import GRDB

/// What the database knows, for the receiver itself, for the proof and for export.
extension Archive {
  /// Every log of one site, or of all.
  public func holdings(site: String? = nil) throws -> [Holdings] {
    try queue.read { try Self.holdings($0, "log.site = ifnull(?, log.site)", [site]) }
  }

  /// Sites whose last status said that they are online.
  public func sitesOnline() throws -> [String] {
    try queue.read { try String.fetchAll($0, sql: "SELECT name FROM site WHERE online ORDER BY name") }
  }

  /// What a site last said of the coming quarter hours.
  public func forecast(site: String) throws -> ReceivedForecast? {
    try queue.read { db in
      try Row.fetchOne(db, sql: "SELECT t, body FROM forecast WHERE site = ?", arguments: [site]).map {
        ReceivedForecast(time: Timestamp(milliseconds: $0[0]), body: $0[1])
      }
    }
  }

  /// How many records of a log are in the database, which the proof holds against the ranges.
  public func recordCount(site: String, epoch: Epoch) throws -> UInt64 {
    try count("record", site, epoch)
  }

  /// How often a number came with another content.
  public func contradictions(site: String, epoch: Epoch) throws -> UInt64 {
    try count("contradiction", site, epoch)
  }

  public func lostTimes(site: String, epoch: Epoch) throws -> [(from: Timestamp, to: Timestamp, cause: String)] {
    let sql = "SELECT \"from\", \"to\", cause FROM lost_time WHERE log = (\(Self.logID)) ORDER BY 1, 2"
    return try queue.read { db in
      try Row.fetchAll(db, sql: sql, arguments: [site, epoch.description]).map { row in
        (Timestamp(milliseconds: row[0]), Timestamp(milliseconds: row[1]), row[2])
      }
    }
  }

  /// Messages that could not be read, with how often and why.
  public func refusals() throws -> [(topic: String, reason: String, count: Int64)] {
    try queue.read { db in
      try Row.fetchAll(db, sql: "SELECT topic, reason, count FROM refused ORDER BY 1, 2").map {
        ($0[0], $0[1], $0[2])
      }
    }
  }

  /// Every record and average of the logs named `log`, or of all but the event log, in order.
  public func eachRecord(site: String?, log: String?, _ body: (ArchivedRecord) throws -> Void) throws {
    let sql = """
      SELECT site, epoch, name, seq, t, body FROM record JOIN log ON log.id = record.log WHERE \(Self.chosen)
      UNION ALL
      SELECT site, epoch, name, NULL, t, body FROM thinned JOIN log ON log.id = thinned.log WHERE \(Self.chosen)
      ORDER BY 1, 2, 5, 4
      """
    try queue.read { db in
      let rows = try Row.fetchCursor(db, sql: sql, arguments: ["site": site, "log": log])
      while let row = try rows.next() {
        try body(
          ArchivedRecord(
            site: row[0], epoch: row[1], log: row[2], seq: row[3], time: Timestamp(milliseconds: row[4]), body: row[5]))
      }
    }
  }

  private static let chosen =
    "site = ifnull(:site, site) AND CASE WHEN :log IS NULL THEN name <> 'events' ELSE name = :log END"
  private static let logID = "SELECT id FROM log WHERE site = ? AND epoch = ?"

  private func count(_ table: String, _ site: String, _ epoch: Epoch) throws -> UInt64 {
    let sql = "SELECT count(*) FROM \(table) WHERE log = (\(Self.logID))"
    return try queue.read { UInt64(try Int64.fetchOne($0, sql: sql, arguments: [site, epoch.description]) ?? 0) }
  }

  static func holdings(_ db: Database, _ condition: String, _ arguments: StatementArguments) throws -> [Holdings] {
    let sql = """
      SELECT log.*, range.account, range.first AS rangeFirst, range.last AS rangeLast
      FROM log LEFT JOIN range ON range.log = log.id WHERE \(condition) ORDER BY site, epoch
      """
    var found: [Holdings] = []
    for row in try Row.fetchAll(db, sql: sql, arguments: arguments) {
      let site: String = row["site"]
      guard let epoch = Epoch(row["epoch"] as String) else { continue }
      if found.last?.site != site || found.last?.epoch != epoch {
        var holdings = Holdings(site: site, epoch: epoch)
        holdings.log = row["name"]
        holdings.isListed = row["listed"]
        holdings.told = range(row["first"], row["last"])
        holdings.spoken = UInt64(clamping: row["last"] as Int64? ?? 0)
        found.append(holdings)
      }
      guard let account = (row["account"] as Int64?).flatMap(Account.init),
        let range = range(row["rangeFirst"], row["rangeLast"])
      else { continue }
      switch account {
      case .received: found[found.count - 1].received.insert(range)
      case .thinned: found[found.count - 1].thinned.insert(range)
      case .announced: found[found.count - 1].announced.insert(range)
      }
    }
    return found
  }

  private static func range(_ first: Int64?, _ last: Int64?) -> SequenceRange? {
    guard let first, let last, first <= last else { return nil }
    return SequenceRange(UInt64(first), UInt64(last))
  }
}

/// One line of an export.
public struct ArchivedRecord: Sendable {
  public var site: String
  public var epoch: String
  public var log: String?
  /// Nil for an average that stands for thinned records.
  public var seq: Int64?
  public var time: Timestamp
  public var body: String
}
