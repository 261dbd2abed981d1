import EnergyModel

extension Journal {
  /// Moves a write-ahead log that became too long into the database. SQLite writes it over from its beginning only where
  /// nobody reads what it holds; a reader that stays makes it grow, and that is told once.
  func handOverLog(_ file: JournalFile) {
    guard file.logBytes > 2 * file.checkpointPages * file.pageSize else {
      isLogHeld = false
      return
    }
    guard !file.checkpoint(), !isLogHeld, file.logBytes > 4 * file.usualLog else { return }
    isLogHeld = true
    post(
      Event(
        at: time.now(), name: "journal-log-held", severity: .warning,
        text:
          "another process reads the journal for long and keeps its write-ahead log from being emptied; meanwhile what "
          + "everybody has is not kept for replay",
        data: ["bytes": .integer(Int64(file.logBytes)), "usual_bytes": .integer(Int64(file.usualLog))]))
  }
}
