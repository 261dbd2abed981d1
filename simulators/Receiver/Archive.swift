public import EnergyModel
import GRDB

/// The receiver's database. Whatever a message brings and the ranges that say so are one transaction, on the disk
/// when the call returns: only then may the message be acknowledged.
public final class Archive: Sendable {
  /// What became of a segment.
  public struct Stored: Hashable, Sendable {
    /// Records that were not here before.
    public var new = 0
    /// Records whose (epoch, seq) was here with another content. The first content stays.
    public var contradictions = 0
    /// What may be acknowledged: the segment's range, joined with what is held around it.
    public var held: SequenceRange
  }

  /// How a range of numbers is accounted for.
  enum Account: Int64 { case received, thinned, announced }

  let queue: DatabaseQueue

  /// Opens the file, and makes a new one where there is none.
  public init(path: String) throws {
    var configuration = Configuration()
    // Others may read while it runs.
    configuration.journalMode = .wal
    configuration.busyMode = .timeout(10)
    queue = try DatabaseQueue(path: path, configuration: configuration)
    try queue.writeWithoutTransaction { db in
      // GRDB sets NORMAL when it turns WAL on: a power cut could take back what was acknowledged.
      try db.execute(sql: "PRAGMA synchronous = FULL")
      try ArchiveSchema.prepare(db)
    }
  }

  public func close() throws { try queue.close() }

  /// Keeps a segment, exactly once.
  public func store(_ segment: ReceivedSegment, of site: String, at now: Timestamp) throws -> Stored {
    try queue.write { db in
      let log = try Self.log(db, site, segment.epoch, name: segment.log)
      var stored = Stored(held: segment.range)
      if segment.isThinned {
        try storeThinned(db, segment, log, &stored)
      } else {
        for record in segment.records { try store(db, record, log, now, &stored) }
      }
      for case let gap? in segment.records.map(\.gap) { try announce(db, gap, site) }
      try Self.account(db, for: segment.range, as: segment.isThinned ? .thinned : .received, log)
      let held = try Self.holdings(db, "log.id = ?", [log]).first?.held
      stored.held =
        held?.ranges.first { $0.first <= segment.range.first && $0.last >= segment.range.last } ?? segment.range
      return stored
    }
  }

  public func store(_ status: ReceivedStatus, of site: String, at now: Timestamp) throws {
    try queue.write { db in
      try db.execute(
        sql: "INSERT OR REPLACE INTO site VALUES(?, ?, ?, ?, ?, ?)",
        arguments: [site, status.isOnline, status.boot, status.version, status.time.milliseconds, now.milliseconds])
      guard let logs = status.logs else { return }
      try db.execute(sql: "UPDATE log SET listed = 0 WHERE site = ?", arguments: [site])
      for log in logs {
        let id = try Self.log(db, site, log.epoch, name: log.name)
        try db.execute(
          sql: "UPDATE log SET listed = 1, first = ?, last = max(ifnull(last, 0), ?) WHERE id = ?",
          arguments: [log.held.map { Int64($0.first) }, log.held.map { Int64($0.last) } ?? 0, id])
      }
    }
  }

  /// Keeps the newest: what arrives later was made later, because a topic keeps its order.
  public func store(_ forecast: ReceivedForecast, of site: String, at now: Timestamp) throws {
    try queue.write { db in
      try db.execute(
        sql: "INSERT OR REPLACE INTO forecast VALUES(?, ?, ?, ?)",
        arguments: [site, forecast.time.milliseconds, forecast.body, now.milliseconds])
    }
  }

  /// Counts a message that could not be read.
  public func refuse(topic: String, reason: String, at now: Timestamp) throws {
    try queue.write { db in
      try db.execute(
        sql: "INSERT INTO refused VALUES(?, ?, 1, ?) ON CONFLICT DO UPDATE SET count = count + 1, last = excluded.last",
        arguments: [topic, reason, now.milliseconds])
    }
  }

  private func store(
    _ db: Database, _ record: ReceivedRecord, _ log: Int64, _ now: Timestamp, _ stored: inout Stored
  ) throws {
    guard let seq = record.seq.map(Int64.init) else { return }
    try db.cachedStatement(sql: "INSERT INTO record VALUES(?, ?, ?, ?) ON CONFLICT DO NOTHING")
      .execute(arguments: [log, seq, record.time.milliseconds, record.body])
    guard db.changesCount == 0 else { return stored.new += 1 }
    let known = try db.cachedStatement(sql: "SELECT body FROM record WHERE log = ? AND seq = ?")
    let body = try String.fetchOne(known, arguments: [log, seq])
    guard body != record.body else { return }
    stored.contradictions += 1
    try db.execute(
      sql: "INSERT OR IGNORE INTO contradiction VALUES(?, ?, ?, ?)",
      arguments: [log, seq, record.body, now.milliseconds])
  }

  /// Averages count where the records themselves are missing. Those of a coarser thinning replace the finer ones
  /// that they were made of.
  private func storeThinned(_ db: Database, _ segment: ReceivedSegment, _ log: Int64, _ stored: inout Stored) throws {
    if try Self.holdings(db, "log.id = ?", [log]).first?.held.contains(segment.range) == true { return }
    let (first, last) = (Int64(segment.range.first), Int64(segment.range.last))
    try db.execute(
      sql: "DELETE FROM thinned WHERE log = ? AND first >= ? AND last <= ?", arguments: [log, first, last])
    for (n, record) in segment.records.enumerated() {
      try db.execute(
        sql: "INSERT OR REPLACE INTO thinned VALUES(?, ?, ?, ?, ?, ?)",
        arguments: [log, first, last, n, record.time.milliseconds, record.body])
    }
    stored.new += segment.records.count
  }

  private func announce(_ db: Database, _ gap: AnnouncedGap, _ site: String) throws {
    switch gap {
    case .records(let epoch, let range):
      try Self.account(db, for: range, as: .announced, try Self.log(db, site, epoch, name: nil))
    case .time(let epoch, let from, let to, let cause):
      try db.execute(
        sql: "INSERT OR IGNORE INTO lost_time VALUES(?, ?, ?, ?)",
        arguments: [try Self.log(db, site, epoch, name: nil), from.milliseconds, to.milliseconds, cause])
    }
  }

  private static func log(_ db: Database, _ site: String, _ epoch: Epoch, name: String?) throws -> Int64 {
    let upsert = try db.cachedStatement(
      sql: """
        INSERT INTO log(site, epoch, name) VALUES(?, ?, ?)
        ON CONFLICT(site, epoch) DO UPDATE SET name = ifnull(excluded.name, name) RETURNING id
        """)
    return try Int64.fetchOne(upsert, arguments: [site, epoch.description, name]) ?? 0
  }

  /// Adds a range and joins it with those that it overlaps or touches.
  private static func account(_ db: Database, for range: SequenceRange, as account: Account, _ log: Int64) throws {
    let touching = "log = ? AND account = ? AND first <= ? AND last >= ?"
    let (first, last) = (Int64(range.first), Int64(range.last))
    let arguments: StatementArguments = [log, account.rawValue, last + 1, first - 1]
    let select = try db.cachedStatement(sql: "SELECT min(first), max(last) FROM range WHERE \(touching)")
    let row = try Row.fetchOne(select, arguments: arguments)
    let lowest: Int64? = row?[0]
    let highest: Int64? = row?[1]
    try db.cachedStatement(sql: "DELETE FROM range WHERE \(touching)").execute(arguments: arguments)
    try db.cachedStatement(sql: "INSERT INTO range VALUES(?, ?, ?, ?)")
      .execute(arguments: [log, account.rawValue, min(lowest ?? first, first), max(highest ?? last, last)])
  }
}
