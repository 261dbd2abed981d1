import CSQLite
import EnergyModel
import GRDB
import Glibc

/// The database file with the settings that durability rests on. One connection, on the journal's thread.
struct JournalFile: Sendable {
  let queue: DatabaseQueue
  let path: String
  let pageSize: Int
  /// Pages of the write-ahead log after which SQLite moves them into the database.
  let checkpointPages: Int

  static let name = "journal.sqlite"
  /// Opens or creates the file. Throws ``JournalError/damaged(_:)`` where it must be set aside.
  static func open(_ settings: JournalSettings) throws -> JournalFile {
    do {
      return try connect(settings)
    } catch let error as DatabaseError where error.meansDamage {
      throw JournalError.damaged(error.message ?? "result code \(error.extendedResultCode)")
    }
  }

  private static func connect(_ settings: JournalSettings) throws -> JournalFile {
    let path = settings.folder + "/" + name
    var configuration = Configuration()
    configuration.journalMode = .wal
    // Nobody else writes; a reader that holds the file up is waited for at the next commit.
    configuration.busyMode = .timeout(0.5)
    configuration.label = "journal"
    configuration.prepareDatabase { db in
      try keepLogOnClose(db, true)
      // Deleting at the budget costs a quarter more flash where pages are overwritten with zeros first.
      try db.execute(sql: "PRAGMA secure_delete = OFF; PRAGMA temp_store = MEMORY; PRAGMA cache_size = -2000")
    }
    let address = settings.fileQuery.map { "file:\(path)?\($0)" } ?? path
    let queue = try DatabaseQueue(path: address, configuration: configuration)
    let (pageSize, checkpointPages) = try queue.writeWithoutTransaction { db in
      let pageSize = try Int.fetchOne(db, sql: "PRAGMA page_size") ?? 4096
      // Half of the reserve: on a full disk that is what the log may have to hand over to the file.
      let checkpointPages = max(16, min(1000, settings.budget / 16 / pageSize))
      // GRDB sets NORMAL when it turns WAL on, so FULL comes afterwards and is read back.
      try db.execute(
        sql: """
          PRAGMA synchronous = FULL;
          PRAGMA wal_autocheckpoint = \(checkpointPages);
          PRAGMA journal_size_limit = \(checkpointPages * pageSize);
          """)
      try assert(db, "synchronous", is: "2")
      try assert(db, "journal_mode", is: "wal")
      try assert(db, "secure_delete", is: "0")
      if fileSize(path) <= settings.largestChecked {
        // The quick check does not hold indexes against their tables: what a flipped key hides was never sent.
        let verdict = try String.fetchOne(db, sql: "PRAGMA integrity_check(1)") ?? ""
        guard verdict == "ok" else { throw JournalError.damaged(verdict) }
      }
      try settle(db)
      try Schema.migrate(db)
      return (pageSize, checkpointPages)
    }
    return JournalFile(queue: queue, path: path, pageSize: pageSize, checkpointPages: checkpointPages)
  }

  /// SQLite empties and deletes the write-ahead log with the last connection, however a process ends. Only a clean stop
  /// says so in the file: after any other the next start would take the empty log for one that vanished.
  private static func keepLogOnClose(_ db: Database, _ keeps: Bool) throws {
    let code = sqlite_keep_log_on_close(db.sqliteConnection, keeps ? 1 : 0)
    guard code == SQLITE_OK else { throw DatabaseError(resultCode: ResultCode(rawValue: code)) }
  }

  /// After the commit of a clean stop: closing moves the write-ahead log into the database.
  func letLogGo() { try? queue.writeWithoutTransaction { try Self.keepLogOnClose($0, false) } }

  /// Moves what an earlier start left in the write-ahead log into the database. A sync of it may have failed: then
  /// the system still reads what the disk does not hold, and commits behind it would go with it.
  private static func settle(_ db: Database) throws {
    do {
      _ = try db.checkpoint(.passive)
    } catch let error as DatabaseError where error.meansNoRoom {
      // The first commit deletes.
    }
  }

  private static func assert(_ db: Database, _ pragma: String, is wanted: String) throws {
    let found = try String.fetchOne(db, sql: "PRAGMA \(pragma)") ?? ""
    guard found == wanted else {
      throw JournalError.settingRefused(pragma: pragma, wanted: wanted, found: found)
    }
  }

  /// Whether pages, keys and tables are as they were made, as far as SQLite can tell.
  func isSound() -> Bool {
    let isSound = try? queue.read { db in
      for check in ["quick_check(1)", "integrity_check(1)"] {
        guard try String.fetchOne(db, sql: "PRAGMA \(check)") == "ok" else { return false }
      }
      return try Schema.isWhole(db)
    }
    return isSound ?? false
  }

  var logBytes: Int { fileSize(path + "-wal") }

  /// Room for the write-ahead log within the budget: what a checkpoint leaves and one commit beyond.
  var usualLog: Int { checkpointPages * pageSize * 5 / 4 }

  /// The database grows no further than this.
  func limit(pages: Int) throws {
    try queue.writeWithoutTransaction { try $0.execute(sql: "PRAGMA max_page_count = \(pages)") }
  }

  /// Moves the write-ahead log into the database, as far as that is possible now.
  /// - Returns: whether all of it.
  @discardableResult
  func checkpoint() -> Bool {
    // A failure leaves everything in the log, where it is as safe; the commit that follows tells.
    let frames = try? queue.writeWithoutTransaction { db in try db.checkpoint(.passive) }
    return frames.map { $0.checkpointedFrameCount == $0.walFrameCount } ?? false
  }
}

extension JournalFile {
  /// Whether the disk gives the whole file, and its write-ahead log, when it is asked plainly.
  static func isReadable(folder: String) -> Bool {
    ["", "-wal"].allSatisfy { suffix in
      let path = folder + "/" + name + suffix
      let file = Glibc.open(path, O_RDONLY | O_CLOEXEC)
      guard file >= 0 else { return errno == ENOENT }
      defer { close(file) }
      return withUnsafeTemporaryAllocation(byteCount: 64 << 10, alignment: 1) { buffer in
        while true {
          let count = read(file, buffer.baseAddress, buffer.count)
          if count <= 0 { return count == 0 }
        }
      }
    }
  }
}

func fileExists(_ path: String) -> Bool { access(path, F_OK) == 0 }

/// Creates a folder and those above it.
func createFolder(_ path: String) throws {
  var parent = path.hasPrefix("/") ? "" : "."
  for part in path.split(separator: "/") {
    parent += "/" + part
    guard mkdir(parent, 0o750) == 0 || errno == EEXIST else {
      throw JournalError.file(operation: "mkdir", path: parent, code: errno)
    }
  }
}

extension DatabaseError {
  /// What was read cannot be trusted, or cannot be read at all.
  var meansDamage: Bool {
    switch resultCode {
    case .SQLITE_CORRUPT, .SQLITE_NOTADB: true
    // Tables or columns are missing.
    case .SQLITE_ERROR: true
    case .SQLITE_IOERR: extendedResultCode == .SQLITE_IOERR_SHORT_READ
    default: false
    }
  }

  /// Tables, keys or types are not as they were made, or we asked for something foolish: the file tells.
  var asksTheFile: Bool { [.SQLITE_ERROR, .SQLITE_CONSTRAINT, .SQLITE_MISMATCH].contains(resultCode) }

  /// Deleting and the reserve can help. Any other failure of the disk is no reason to delete anything; the index of
  /// the write-ahead log has a code of its own where a full disk does not let it grow.
  var meansNoRoom: Bool { resultCode == .SQLITE_FULL || extendedResultCode == .SQLITE_IOERR_SHMSIZE }
}
