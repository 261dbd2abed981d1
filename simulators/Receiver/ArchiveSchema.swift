import GRDB

enum ArchiveSchema {
  static let version = 2

  private static let tables = """
    CREATE TABLE site(
      name TEXT PRIMARY KEY, online INTEGER NOT NULL, boot INTEGER NOT NULL, version TEXT NOT NULL,
      t INTEGER NOT NULL, received INTEGER NOT NULL) STRICT;
    -- first, last: what the site last said it holds; last never falls. listed: whether its last status names the log.
    CREATE TABLE log(
      id INTEGER PRIMARY KEY, site TEXT NOT NULL, epoch TEXT NOT NULL, name TEXT,
      first INTEGER, last INTEGER, listed INTEGER NOT NULL DEFAULT 0, UNIQUE(site, epoch)) STRICT;
    -- account: 0 received, 1 thinned, 2 announced as lost. Ranges of one account never touch.
    CREATE TABLE range(
      log INTEGER, account INTEGER, first INTEGER, last INTEGER NOT NULL,
      PRIMARY KEY(log, account, first)) WITHOUT ROWID, STRICT;
    CREATE TABLE record(
      log INTEGER, seq INTEGER, t INTEGER NOT NULL, body TEXT NOT NULL, PRIMARY KEY(log, seq)) WITHOUT ROWID, STRICT;
    -- The n-th average that stands for the records first…last.
    CREATE TABLE thinned(
      log INTEGER, first INTEGER, last INTEGER, n INTEGER, t INTEGER NOT NULL, body TEXT NOT NULL,
      PRIMARY KEY(log, first, last, n)) WITHOUT ROWID, STRICT;
    CREATE TABLE lost_time(
      log INTEGER, "from" INTEGER, "to" INTEGER, cause TEXT NOT NULL, PRIMARY KEY(log, "from", "to")) WITHOUT ROWID, STRICT;
    -- Another content under a number that was given already: must never happen.
    CREATE TABLE contradiction(
      log INTEGER, seq INTEGER, body TEXT, received INTEGER NOT NULL, PRIMARY KEY(log, seq, body)) WITHOUT ROWID, STRICT;
    CREATE TABLE refused(
      topic TEXT, reason TEXT, count INTEGER NOT NULL, last INTEGER NOT NULL,
      PRIMARY KEY(topic, reason)) WITHOUT ROWID, STRICT;
    """

  /// The newest one of each site; t: when it was made.
  private static let forecast = """
    CREATE TABLE forecast(site TEXT PRIMARY KEY, t INTEGER NOT NULL, body TEXT NOT NULL, received INTEGER NOT NULL) STRICT;
    """

  struct Unknown: Error, CustomStringConvertible {
    let found: Int
    var description: String { "the database has version \(found), this program knows \(version)" }
  }

  static func prepare(_ db: Database) throws {
    let found = try Int.fetchOne(db, sql: "PRAGMA user_version") ?? 0
    if found == version { return }
    guard found == 0 || found == 1 else { throw Unknown(found: found) }
    try db.inTransaction {
      if found == 0 { try db.execute(sql: tables) }
      try db.execute(sql: forecast)
      try db.execute(sql: "PRAGMA user_version = \(version)")
      return .commit
    }
  }
}
