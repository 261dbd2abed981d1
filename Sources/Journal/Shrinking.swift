import EnergyModel
import GRDB

extension Journal {
  /// Gives pages back to the disk that a lowered budget left free, once what is held fits. Tried once a start: it
  /// writes the whole file anew.
  func shrinkIfTooLarge(_ file: JournalFile) {
    guard !hasShrunk else { return }
    let limit = room(file, isUsual: true).limit
    // Asked of the system first: each commit comes by, and reading makes SQLite prepare every statement anew.
    guard fileSize(file.path) > limit * file.pageSize else { return }
    guard let (count, free) = try? file.pages(), count > limit, count - free <= limit else { return }
    // Beside the new content in a temporary file there will be a write-ahead log of the same size.
    guard freeBytes(at: file.path) > 2 * (count - free) * file.pageSize else { return }
    hasShrunk = true
    try? file.rewrite(limit: limit)
  }
}

extension JournalFile {
  /// Pages of the database, and how many of them are free.
  func pages() throws -> (count: Int, free: Int) {
    try queue.read { db in
      (try Int.fetchOne(db, sql: "PRAGMA page_count") ?? 0, try Int.fetchOne(db, sql: "PRAGMA freelist_count") ?? 0)
    }
  }

  /// Without free pages. Where that fails, the file stays as it is.
  fileprivate func rewrite(limit: Int) throws {
    try queue.writeWithoutTransaction { db in
      // What is rewritten may be larger than the memory.
      try db.execute(sql: "PRAGMA temp_store = FILE")
      defer { try? db.execute(sql: "PRAGMA temp_store = MEMORY; PRAGMA max_page_count = \(limit)") }
      try db.execute(sql: "VACUUM")
      // The next commit begins the log anew and cuts it to its usual size. Never empty: a process that is killed now
      // must not look like one whose log vanished.
      _ = try db.checkpoint(.restart)
      try db.execute(sql: "PRAGMA user_version = \(Schema.version)")
    }
  }
}
