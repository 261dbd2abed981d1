import EnergyModel
import GRDB

/// The rows of `minute` or of `quarter`.
struct HistoryTable {
  enum Name: String, Sendable {
    case minute, quarter

    /// How long the interval of a row is, in milliseconds.
    var length: Int64 { self == .minute ? HistoryBuilder.minute : 15 * HistoryBuilder.minute }
  }

  /// A row ready to be stored.
  struct Stored: Sendable {
    var time: Int64
    var isPartial: Bool
    var payload: [UInt8]
  }

  let db: Database
  let name: Name

  /// Nil where there is none, and where it cannot be read: history is derived, and one unreadable row must
  /// not stop a commit.
  func row(at time: Int64, shapes: ShapeTable) throws -> HistoryRow? {
    let found = try Row.fetchOne(
      db.cachedStatement(sql: "SELECT partial, format, payload FROM \(name) WHERE time = ?"), arguments: [time])
    guard let found else { return nil }
    guard
      var row = try? HistoryFormat.decode(
        found.integer("format"), found.bytes("payload"), table: shapes)
    else { return nil }
    row.isPartial = try found.integer("partial") != 0
    return row
  }

  func newest() throws -> Int64? { try Int64.fetchOne(db, sql: "SELECT max(time) FROM \(name)") }

  func has(_ time: Int64) throws -> Bool {
    try Bool.fetchOne(db, sql: "SELECT EXISTS(SELECT 1 FROM \(name) WHERE time = ?)", arguments: [time]) ?? false
  }

  /// Stores a row in place of one that may be there.
  /// - Returns: by how much the bytes of the table change.
  func store(_ row: Stored) throws -> Int {
    let before = try Int.fetchOne(
      db.cachedStatement(sql: "SELECT length(payload) FROM \(name) WHERE time = ?"), arguments: [row.time])
    try db.run(
      "INSERT OR REPLACE INTO \(name)(time, partial, format, payload) VALUES (?, ?, ?, ?)",
      [row.time, row.isPartial ? 1 : 0, HistoryFormat.columns.rawValue, blob(row.payload)])
    return Self.cost(row.payload.count) - (before.map(Self.cost) ?? 0)
  }

  /// Deletes the oldest rows while they are older than `cutoff` or more than `bytes` are to go; bounded,
  /// because there will be a next time.
  /// - Returns: the bytes that went.
  func deleteOldest(before cutoff: Int64, bytes: Int, most: Int = 64) throws -> Int {
    let oldest = try Row.fetchCursor(
      db.cachedStatement(sql: "SELECT time, length(payload) AS size FROM \(name) ORDER BY time LIMIT ?"),
      arguments: [most])
    var gone = 0
    var last: Int64?
    while let row = try oldest.next() {
      let time = try row.integer("time")
      guard time < cutoff || gone < bytes else { break }
      last = time
      gone += Self.cost(Int(try row.integer("size")))
    }
    if let last { try db.run("DELETE FROM \(name) WHERE time <= ?", [last]) }
    return gone
  }

  /// Bytes of the file that a payload takes. What does not fit into a page of 4096 bytes takes whole pages
  /// beside its own.
  private static func cost(_ payload: Int) -> Int { payload <= 4000 ? payload + 24 : (payload + 4091) / 4092 * 4096 }
}

extension DefaultStringInterpolation {
  fileprivate mutating func appendInterpolation(_ name: HistoryTable.Name) { appendInterpolation(name.rawValue) }
}
