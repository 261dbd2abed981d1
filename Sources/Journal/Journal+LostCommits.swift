import EnergyModel

extension Journal {
  /// What the mark beside the database has to say at a start.
  /// - Parameter hasLostLog: new logs begin because the write-ahead log is missing.
  func remarks(
    _ found: HighWaterMark.Found, missing: [(epoch: Epoch, range: SequenceRange)]?, isNew: Bool, hasLostLog: Bool
  ) -> [Event] {
    let now = time.now()
    var events = isNew ? forgottenAlarms(found) : []
    if let missing {
      let count = missing.reduce(0) { $0 + $1.range.count }
      events.append(
        Event(
          at: now, name: "journal-lost-commits", severity: .alarm,
          text: "\(count) records that were committed are missing in the journal's file; new logs begin",
          data: ["records": .integer(Int64(clamping: count))]))
    }
    if missing == nil, hasLostLog {
      events.append(
        Event(
          at: now, name: "journal-log-missing", severity: .alarm,
          text: "the journal did not end with a clean stop and its write-ahead log is missing: the last commits may be "
            + "lost; new logs begin"))
    }
    guard !isNew, found.mark == nil else { return events }
    let isMissing = found == .missing
    events.append(
      Event(
        at: now, name: isMissing ? "journal-mark-missing" : "journal-mark-unreadable",
        severity: isMissing ? .info : .warning,
        text: "the mark beside the journal's file is \(isMissing ? "missing" : "unreadable") and is written anew"))
    return events
  }

  func writeMark(_ ledger: Ledger) {
    HighWaterMark(boot: face.counters.boot, filesAside: filesAside, ledger).write(folder: settings.folder)
  }
}

extension CommitTransaction {
  /// These seqs were given, and what had them is gone: nothing else will ever have them.
  /// - Returns: the gap records that say so.
  mutating func giveUp(_ missing: [(epoch: Epoch, range: SequenceRange)]) -> [Entry] {
    missing.map { epoch, range in
      if let index = ledger.logs.firstIndex(where: { $0.epoch == epoch }) { ledger.logs[index].next = range.last + 1 }
      ledger.purgedRecords += range.count
      return .lostRecords(epoch: epoch, range: range, cause: "damaged", at: now)
    }
  }
}
