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
      let found = try open()
      file = found
      return try begin(found, hasLostLog, mark, events)
    } catch JournalError.damaged(let what) {
      untold.append(try setAside(what, file))
    } catch let error as DatabaseError where meansDamageAtStart(error, file) {
      untold.append(try setAside(error.message ?? "result code \(error.extendedResultCode)", file))
    }
    try begin(open(), false, mark, events)
  }

  /// A read that failed may have been a moment's weakness of the disk, and setting aside gives away what waits to
  /// be sent: it has to fail again.
  private func meansDamageAtStart(_ error: DatabaseError, _ file: JournalFile?) -> Bool {
    if error.extendedResultCode == .SQLITE_IOERR_READ { return !JournalFile.isReadable(folder: settings.folder) }
    if error.asksTheFile { return !isFoundSound(file) }
    return error.meansDamage
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

  private func setAside(_ what: String, _ file: JournalFile?) throws -> Event {
    // Closed later it would take the log of the new one for its own.
    try? file?.queue.close()
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
  ) throws {
    var events = events
    func attempt(isDiskFull: Bool, thinsOldest: Bool = true) throws {
      let room = room(file, isDiskFull: isDiskFull, thinsOldest: thinsOldest)
      try boot(file, hasLostLog: hasLostLog, mark, events, room, isDiskFull: isDiskFull)
    }
    if try hasRoom({ try attempt(isDiskFull: false) }) { return }
    while let deleted = letCopyGo() {
      events.append(deleted)
      if try hasRoom({ try attempt(isDiskFull: false) }) { return }
    }
    // As in use: the log is handed over, and in the end nothing is thinned, which takes more of it than deleting.
    reserve.giveBack()
    file.checkpoint()
    if try hasRoom({ try attempt(isDiskFull: true) }) { return }
    file.checkpoint()
    try attempt(isDiskFull: true, thinsOldest: false)
  }

  private func boot(
    _ file: JournalFile, hasLostLog: Bool, _ mark: HighWaterMark.Found, _ events: [Event], _ room: Room,
    isDiskFull: Bool
  ) throws {
    let now = time.now()
    // What waited for the file is not lost.
    let end = batch.begins ?? now.wall
    let start = Moment(wall: end, monotonic: now.monotonic - (now.wall - end), isClockTrusted: now.isClockTrusted)
    try file.limit(pages: self.room(file, isUsual: true).limit)
    let (ledger, number, added) = try file.queue.write { db in
      let rows = LedgerRows(db: db)
      let last = try Row.fetchOne(db, sql: "SELECT n, clean FROM boot ORDER BY n DESC LIMIT 1")
      let before = Int(try last?.number("n") ?? 0)
      let number = max(before, mark.mark?.boot ?? 0) + 1
      let wasClean = try last?.integer("clean") ?? 1 != 0
      try db.execute(sql: "INSERT INTO boot(n, started) VALUES (?, ?)", arguments: [number, now.wall.milliseconds])
      var ledger = try rows.load()
      // A mark of a file that was set aside says nothing of this one, only what went with it.
      let isOwn = mark.mark?.filesAside == filesAside
      let missing = isOwn || last == nil ? mark.mark?.missing(in: ledger, boot: before) : nil
      // Commits have vanished, or may have with a write-ahead log after a power cut that took the last mark as well;
      // going on would give their seqs a second time.
      let arrangement = LogArrangement(
        rows: rows, settings: settings, now: end, isRenewing: missing != nil || hasLostLog && !wasClean,
        newEpoch: { self.newEpoch(boot: number, log: $0) })
      let open = try OpenIntervals(db: db).take(
        &ledger, exceptOf: reporters.epochs, where: arrangement.goesOn)
      let lost = try LostTime(ledger, until: start, isCrash: !wasClean, db)
      try lost.store(db)
      let missed = try arrangement.arrange(&ledger)
      try rows.loadFronts(into: &ledger)
      ledger.lostTime = now.isClockTrusted ? nil : lost
      ledger.history = try HistoryStart(db: db, shapes: ledger.shapes).history(
        start: start, limits: History.Limits(settings, self.room(file, isUsual: true)))
      var transaction = CommitTransaction(
        db: db, ledger: ledger, room: room, destinations: settings.destinations.map(\.id), now: now)
      transaction.ledger.retention = try Retention(db, at: now.monotonic)
      transaction.usualRoom = self.room(file, isDiskFull: isDiskFull, isUsual: true)
      var batch = Batch()
      let remarks =
        events
        + remarks(mark, missing: isOwn ? missing : nil, isNew: last == nil, hasLostLog: hasLostLog && !wasClean)
      batch.entries = lost.entries(at: now) + transaction.giveUp(missing ?? []) + remarks.map(Entry.event)
      batch.entries += missed.map { .lostRecords(epoch: $0.epoch, range: $0.range, cause: "not-held", at: now) }
      transaction.reports = open
      try transaction.add(batch, isDiskFull: isDiskFull)
      // What waited for the end of its interval is older than what its log is complete up to.
      transaction.standWhere(ledger)
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
