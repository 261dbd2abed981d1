import GRDB

/// The tables of the journal. Integers that are unsigned 64 bit in memory are stored with the same bits.
/// STRICT, so that the check at the start notices values of a wrong type.
enum Schema {
  static let version = 1

  private static let tables = """
    -- One reporting choice each. kind: 0 telemetry, 1 events. next: the seq the next record gets.
    CREATE TABLE log(
      id INTEGER PRIMARY KEY, epoch INTEGER NOT NULL UNIQUE, name TEXT NOT NULL, kind INTEGER NOT NULL,
      next INTEGER NOT NULL, last_time INTEGER, retired INTEGER NOT NULL DEFAULT 0) STRICT;
    -- What one commit added to one log. Times are UTC milliseconds; format: see SegmentFormat.swift.
    CREATE TABLE segment(
      id INTEGER PRIMARY KEY, log INTEGER NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL,
      first_time INTEGER NOT NULL, last_time INTEGER NOT NULL, format INTEGER NOT NULL, payload BLOB NOT NULL) STRICT;
    -- Covers every question that is asked before a payload is read.
    CREATE UNIQUE INDEX segment_range ON segment(log, first, last, last_time);
    -- Ranges that a destination has acknowledged.
    CREATE TABLE acknowledged(
      destination TEXT NOT NULL, log INTEGER NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL,
      PRIMARY KEY(destination, log, first)) WITHOUT ROWID, STRICT;
    -- Small state of other parts.
    CREATE TABLE state(key TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID, STRICT;
    -- Numbers that payloads use for a device and the points it told together, with commas between.
    CREATE TABLE shape(number INTEGER PRIMARY KEY, device TEXT NOT NULL, points TEXT NOT NULL) STRICT;
    -- Counters that outlive a restart: purged, dropped_samples, dropped_events.
    CREATE TABLE counter(name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID, STRICT;
    -- Every start, and whether it ended with a clean stop.
    CREATE TABLE boot(n INTEGER PRIMARY KEY, started INTEGER NOT NULL, clean INTEGER NOT NULL DEFAULT 0) STRICT;
    """

  /// Whether every table and index is there as it was made.
  static func isWhole(_ db: Database) throws -> Bool {
    let sql = "SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL"
    let made = try DatabaseQueue().write { fresh in
      try fresh.execute(sql: tables)
      return try String.fetchSet(fresh, sql: sql)
    }
    return made.isSubset(of: try String.fetchSet(db, sql: sql))
  }

  /// Brings an empty or older database to this version. A newer one is not ours to touch.
  static func migrate(_ db: Database) throws {
    let found = try Int.fetchOne(db, sql: "PRAGMA user_version") ?? 0
    switch found {
    case version: return
    case 0:
      try db.inTransaction {
        try db.execute(sql: tables)
        try db.execute(sql: "PRAGMA user_version = \(version)")
        return .commit
      }
    default: throw JournalError.damaged("schema version \(found) is unknown")
    }
  }
}
