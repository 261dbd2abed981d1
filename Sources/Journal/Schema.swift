import GRDB

/// The tables of the journal. Integers that are unsigned 64 bit in memory are stored with the same bits.
/// STRICT, so that the check at the start notices values of a wrong type.
enum Schema {
  static let version = 2

  /// What brings a database from each version to the next. A new one goes the same way, so that its tables have
  /// the same text.
  static let steps = [first, second]

  private static let first = """
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
    -- Counters that outlive a restart: purged, thinned, dropped_samples, dropped_events, minute_bytes, quarter_bytes.
    CREATE TABLE counter(name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID, STRICT;
    -- Every start, and whether it ended with a clean stop.
    CREATE TABLE boot(n INTEGER PRIMARY KEY, started INTEGER NOT NULL, clean INTEGER NOT NULL DEFAULT 0) STRICT;
    """

  private static let second = """
    -- What the log records, see ReportingChoice.description.
    ALTER TABLE log ADD COLUMN choice TEXT NOT NULL DEFAULT 'raw: all';
    -- Which destinations read a telemetry log. until: the last seq that concerns one which has chosen another.
    CREATE TABLE reader(
      destination TEXT, log INTEGER, until INTEGER, PRIMARY KEY(destination, log)) WITHOUT ROWID, STRICT;
    -- History: one row for the minute or quarter hour that begins at `time`, UTC ms; see HistoryFormat.swift.
    -- partial: 1 where the agent did not run during all of it.
    CREATE TABLE minute(
      time INTEGER PRIMARY KEY, partial INTEGER NOT NULL, format INTEGER NOT NULL, payload BLOB NOT NULL) STRICT;
    CREATE TABLE quarter(
      time INTEGER PRIMARY KEY, partial INTEGER NOT NULL, format INTEGER NOT NULL, payload BLOB NOT NULL) STRICT;
    """

  /// Whether every table and index is there as it was made.
  static func isWhole(_ db: Database) throws -> Bool {
    let sql = "SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL"
    let made = try DatabaseQueue().write { fresh in
      for step in steps { try fresh.execute(sql: step) }
      return try String.fetchSet(fresh, sql: sql)
    }
    return made.isSubset(of: try String.fetchSet(db, sql: sql))
  }

  /// Brings an empty or older database to this version. A newer one is not ours to touch.
  static func migrate(_ db: Database) throws {
    let found = try Int.fetchOne(db, sql: "PRAGMA user_version") ?? 0
    guard (0...version).contains(found) else { throw JournalError.damaged("schema version \(found) is unknown") }
    guard found < version else { return }
    try db.inTransaction {
      for step in steps[found...] { try db.execute(sql: step) }
      try db.execute(sql: "PRAGMA user_version = \(version)")
      return .commit
    }
  }
}
