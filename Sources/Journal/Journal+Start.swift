import EnergyModel
import GRDB

extension Journal {
  /// Opens the file and begins a boot: one transaction that counts it and announces what was lost.
  /// - Parameter damage: what was found while the file was in use; it is set aside without a further look.
  func start(damage: String? = nil) throws {
    try createFolder(settings.folder)
    reserve.fill()
    let path = settings.folder + "/" + JournalFile.name
    let hasLostLog = fileExists(path) && fileSize(path + "-wal") == 0
    var events: [Event] = []
    var file: JournalFile?
    do {
      if let damage { throw JournalError.damaged(damage) }
      file = try begin(JournalFile.open(folder: settings.folder, budget: settings.budget), hasLostLog, events)
    } catch JournalError.damaged(let what) {
      events.append(try setAside(what))
    } catch let error as DatabaseError where error.meansDamage {
      events.append(try setAside(error.message ?? "result code \(error.extendedResultCode)"))
    }
    guard file == nil else { return }
    _ = try begin(JournalFile.open(folder: settings.folder, budget: settings.budget), false, events)
  }

  private func setAside(_ what: String) throws -> Event {
    try? opened?.file.queue.close()
    opened = nil
    let name = try JournalFile.setAside(folder: settings.folder)
    return Event(
      at: time.now(), name: "journal-damaged", severity: .alarm,
      text: "the journal could not be used (\(what)) and was set aside; a new one begins",
      data: ["set_aside": .text(name)])
  }

  private func begin(_ file: JournalFile, _ hasLostLog: Bool, _ events: [Event]) throws -> JournalFile {
    do {
      try boot(file, hasLostLog: hasLostLog, events, isDiskFull: false)
    } catch let error as DatabaseError where error.meansNoRoom && !error.meansDamage {
      reserve.giveBack()
      try boot(file, hasLostLog: hasLostLog, events, isDiskFull: true)
    }
    return file
  }

  private func boot(_ file: JournalFile, hasLostLog: Bool, _ events: [Event], isDiskFull: Bool) throws {
    let now = time.now()
    // What waited for the file is not lost.
    let end = batch.begins ?? now.wall
    let room = room(file)
    try file.queue.writeWithoutTransaction { db in
      try db.execute(sql: "PRAGMA max_page_count = \(room.limit)")
    }
    let (ledger, number, added) = try file.queue.write { db in
      let rows = LedgerRows(db: db)
      let last = try Row.fetchOne(db, sql: "SELECT n, clean FROM boot ORDER BY n DESC LIMIT 1")
      let number = Int(try last?.number("n") ?? 0) + 1
      let wasClean = try last?.integer("clean") ?? 1 != 0
      try db.execute(sql: "INSERT INTO boot(n, started) VALUES (?, ?)", arguments: [number, now.wall.milliseconds])
      var ledger = try rows.load(destinations: settings.destinations.map(\.id))
      let losses = lostTime(ledger, until: end, now: now, cause: wasClean ? "stop" : "crash")
      // Commits may have vanished with a write-ahead log; going on would give their seqs a second time.
      let mustRenew = hasLostLog && !wasClean
      for (kind, name) in [(LogState.Kind.events, "events"), (.telemetry, "telemetry")]
      where mustRenew || ledger.current(kind) == nil {
        try rows.open(kind, name: name, epoch: newEpoch(salt: UInt64(ledger.logs.count)), in: &ledger)
      }
      let start = Moment(wall: end, monotonic: now.monotonic - (now.wall - end), isClockTrusted: now.isClockTrusted)
      ledger.history = try HistoryStart(db: db, shapes: ledger.shapes).history(
        start: start, limits: History.Limits(settings, room))
      var transaction = CommitTransaction(
        db: db, ledger: ledger, room: room, destinations: settings.destinations.map(\.id), now: now)
      var batch = Batch()
      batch.entries = losses + events.map(Entry.event)
      try transaction.add(batch, isDiskFull: isDiskFull)
      try transaction.settle()
      try transaction.finish()
      return (transaction.ledger, number, transaction.addedRecords)
    }
    opened = Opened(file: file, ledger: ledger)
    face.booted(number, droppedBefore: (ledger.droppedSamples, ledger.droppedEvents))
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

  private func newEpoch(salt: UInt64) -> Epoch {
    guard let seed else { return Epoch(number: .random(in: .min ... .max)) }
    // Mixed with the time and the number of files set aside, so that a second journal gets other epochs.
    let aside = UInt64(JournalFile.lastAside(folder: settings.folder))
    let state = seed ^ UInt64(bitPattern: time.now().wall.milliseconds) &+ aside &* 0x1_0000_0001 &+ salt << 56
    var random = SplitMix64(seed: state)
    return Epoch(number: random.next())
  }
}
