import EnergyModel
import GRDB

extension Journal {
  /// Opens the file and begins a boot: one transaction that counts it and announces what was lost.
  /// - Parameter damage: what was found while the file was in use; it is set aside without a further look.
  func start(damage: String? = nil) throws {
    try createFolder(settings.folder)
    reserve.fill()
    let path = settings.folder + "/" + JournalFile.name
    // As the first attempt found it: one that fails later closes the file, and its log is gone without a loss.
    let hasLostLog = self.hasLostLog ?? (fileExists(path) && fileSize(path + "-wal") == 0)
    self.hasLostLog = hasLostLog
    let mark = HighWaterMark.read(folder: settings.folder)
    filesAside = max(mark.mark?.filesAside ?? 0, JournalFile.copies(folder: settings.folder).last ?? 0, filesAside)
    // A start that fails after setting aside must not take the alarm with it.
    var events: [Event] { untold }
    var file: JournalFile?
    do {
      if let damage { throw JournalError.damaged(damage) }
      file = try begin(open(), hasLostLog, mark, events)
    } catch JournalError.damaged(let what) {
      untold.append(try setAside(what))
    } catch let error as DatabaseError where meansDamageAtStart(error) {
      untold.append(try setAside(error.message ?? "result code \(error.extendedResultCode)"))
    }
    guard file == nil else { return }
    _ = try begin(open(), false, mark, events)
  }

  /// A read that failed may have been a moment's weakness of the disk, and setting aside gives away what waits to
  /// be sent: it has to fail again.
  private func meansDamageAtStart(_ error: DatabaseError) -> Bool {
    if error.extendedResultCode == .SQLITE_IOERR_READ { return !JournalFile.isReadable(folder: settings.folder) }
    // Keys or types that are not as they were made: the same as in use, where the whole file is asked first.
    return error.meansDamage || [.SQLITE_CONSTRAINT, .SQLITE_MISMATCH].contains(error.resultCode)
  }

  private func open() throws -> JournalFile {
    do {
      return try JournalFile.open(settings)
    } catch let error as DatabaseError where error.meansNoRoom && !error.meansDamage {
      // Even opening takes a few pages.
      reserve.giveBack()
      return try JournalFile.open(settings)
    }
  }

  private func setAside(_ what: String) throws -> Event {
    try? opened?.file.queue.close()
    opened = nil
    let name = try JournalFile.setAside(folder: settings.folder, number: filesAside + 1)
    filesAside += 1
    return Event(
      at: time.now(), name: "journal-damaged", severity: .alarm,
      text: "the journal could not be used (\(what)) and was set aside; a new one begins",
      data: ["set_aside": .text(name)])
  }

  private func begin(
    _ file: JournalFile, _ hasLostLog: Bool, _ mark: HighWaterMark.Found, _ events: [Event]
  ) throws -> JournalFile {
    var events = events
    func attempt(isDiskFull: Bool) throws {
      try boot(file, hasLostLog: hasLostLog, mark, events, isDiskFull: isDiskFull)
    }
    if try hasRoom({ try attempt(isDiskFull: false) }) { return file }
    while let deleted = letCopyGo() {
      events.append(deleted)
      if try hasRoom({ try attempt(isDiskFull: false) }) { return file }
    }
    reserve.giveBack()
    try attempt(isDiskFull: true)
    return file
  }

  private func boot(
    _ file: JournalFile, hasLostLog: Bool, _ mark: HighWaterMark.Found, _ events: [Event], isDiskFull: Bool
  ) throws {
    let now = time.now()
    // What waited for the file is not lost.
    let end = batch.begins ?? now.wall
    let room = room(file, isDiskFull: isDiskFull)
    try file.queue.writeWithoutTransaction { db in
      try db.execute(sql: "PRAGMA max_page_count = \(self.room(file, isUsual: true).limit)")
    }
    let (ledger, number, added) = try file.queue.write { db in
      let rows = LedgerRows(db: db)
      let last = try Row.fetchOne(db, sql: "SELECT n, clean FROM boot ORDER BY n DESC LIMIT 1")
      let before = Int(try last?.number("n") ?? 0)
      let number = max(before, mark.mark?.boot ?? 0) + 1
      let wasClean = try last?.integer("clean") ?? 1 != 0
      try db.execute(sql: "INSERT INTO boot(n, started) VALUES (?, ?)", arguments: [number, now.wall.milliseconds])
      var ledger = try rows.load()
      let losses = lostTime(ledger, until: end, now: now, cause: wasClean ? "stop" : "crash")
      // A mark of a file that was set aside says nothing of this one, only what went with it.
      let isOwn = mark.mark?.filesAside == filesAside
      let missing = isOwn || last == nil ? mark.mark?.missing(in: ledger, boot: before) : nil
      // Commits have vanished, or may have with a write-ahead log after a power cut that took the last mark as well;
      // going on would give their seqs a second time.
      let arrangement = LogArrangement(
        rows: rows, settings: settings, now: end, isRenewing: missing != nil || hasLostLog && !wasClean,
        newEpoch: { self.newEpoch(boot: number, log: $0) })
      try arrangement.arrange(&ledger)
      try rows.loadFronts(into: &ledger)
      let start = Moment(wall: end, monotonic: now.monotonic - (now.wall - end), isClockTrusted: now.isClockTrusted)
      ledger.history = try HistoryStart(db: db, shapes: ledger.shapes).history(
        start: start, limits: History.Limits(settings, self.room(file, isUsual: true)))
      var transaction = CommitTransaction(
        db: db, ledger: ledger, room: room, destinations: settings.destinations.map(\.id), now: now)
      transaction.ledger.retention = try Retention(db, at: now.monotonic)
      transaction.usualRoom = self.room(file, isDiskFull: isDiskFull, isUsual: true)
      var batch = Batch()
      let remarks = events + remarks(mark, missing: isOwn ? missing : nil, isNew: last == nil)
      batch.entries = losses + transaction.giveUp(missing ?? []) + remarks.map(Entry.event)
      try transaction.add(batch, isDiskFull: isDiskFull)
      try transaction.settle()
      try transaction.finish()
      return (transaction.ledger, number, transaction.addedRecords)
    }
    opened = Opened(file: file, ledger: ledger)
    self.hasLostLog = nil
    untold = []
    reporters.assign(to: ledger)
    face.booted(number, droppedBefore: (ledger.droppedSamples, ledger.droppedEvents))
    writeMark(ledger)
    face.committed(added)
    face.show(ledger, bytes: bytes(file), fault: nil)
  }

  /// From the last record of each telemetry log to the first sample that waits, or to now.
  private func lostTime(_ ledger: Ledger, until end: Timestamp, now: Moment, cause: String) -> [Entry] {
    ledger.logs.compactMap { log in
      guard log.kind == .telemetry, !log.isRetired, let from = log.lastTime else { return nil }
      // A clock that was set back must not make a gap that ends before it begins.
      return .lostTime(epoch: log.epoch, from: from, to: max(from, end), cause: cause, at: now)
    }
  }

  private func newEpoch(boot: Int, log: Int) -> Epoch {
    guard let seed else { return Epoch(number: .random(in: .min ... .max)) }
    // Mixed with the time, the start and the number of files set aside, so that a second journal gets other epochs.
    var random = SplitMix64(seed: seed)
    for number in [Int(time.now().wall.milliseconds), boot, filesAside, log] {
      random = SplitMix64(seed: random.next() ^ UInt64(bitPattern: Int64(number)))
    }
    return Epoch(number: random.next())
  }
}
