public import EnergyModel
import GRDB
import Synchronization
import Threads

/// Keeps everything that was measured, decided and told, within a budget of bytes, until every destination
/// has it. The rules are written in the page of records; the layout of the file in `Schema.swift`
/// and `SegmentFormat.swift`.
///
/// Whatever posts to it returns at once. All work on the disk happens on a thread of its own.
public actor Journal {
  /// What exists only while the journal is open.
  struct Opened {
    var file: JournalFile
    var ledger: Ledger
  }

  let settings: JournalSettings
  let time: any TimeSource
  let seed: UInt64?
  nonisolated let executor = ThreadExecutor(name: "journal")
  nonisolated let intake: Intake
  nonisolated let face: Face
  nonisolated let waits = CommitWait()
  nonisolated let reserve: ReserveFile
  var opened: Opened?
  /// Taken from the queues and not yet on the disk.
  var batch = Batch()
  /// When the queue of samples was last emptied into the batch.
  private var taken: MonotonicInstant
  var reporters: Reporters
  var damaged: [DamagedSegment] = []
  /// While the file is not open: whether it was found without its write-ahead log.
  var hasLostLog: Bool?
  /// What happened while the file could not be opened.
  var untold: [Event] = []
  /// How many files were ever set aside.
  var filesAside = 0
  /// The file was rewritten because it was too large, or that was tried.
  var hasShrunk = false
  /// A reader keeps the write-ahead log from being emptied, and that was told.
  var isLogHeld = false
  private(set) var isClosed = false
  /// The file was looked at after a commit that failed, and nothing is wrong with it.
  private var isSound = false

  public nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

  /// Opens the journal, and makes a new one where there is none. A damaged file is set aside and told
  /// as an event. Time that was lost since the last record is announced.
  ///
  /// A disk that does not let it be opened stops nobody: the fault stands in ``counters()``, what comes
  /// waits as far as the queues have room, and ``run()`` tries again. Until then ``boot`` is 0 and nothing
  /// is loaded. Only ``JournalError/foreignWriter(log:)`` is thrown, when somebody else holds the file.
  /// - Parameter seed: of the random epochs, for tests that replay; nil takes the system's randomness.
  public static func open(
    _ settings: JournalSettings, time: any TimeSource, seed: UInt64? = nil
  ) async throws -> Journal {
    let journal = Journal(settings, time: time, seed: seed)
    try await journal.startOrWait()
    return journal
  }

  private init(_ settings: JournalSettings, time: any TimeSource, seed: UInt64?) {
    self.settings = settings
    self.time = time
    self.seed = seed
    let now = time.now()
    taken = now.monotonic
    reporters = Reporters(settings.wantedLogs.map(\.plan), started: now)
    intake = Intake(capacity: settings.mailboxCapacity)
    face = Face(budget: UInt64(settings.budget))
    reserve = ReserveFile(path: settings.folder + "/reserve", size: settings.reserve)
  }

  deinit { executor.stop() }

  private func startOrWait() throws {
    do {
      try start()
    } catch let error as DatabaseError where error.resultCode == .SQLITE_BUSY {
      throw JournalError.foreignWriter(log: JournalFile.name)
    } catch {
      face.show(fault: "\(error)")
    }
  }

  /// Commits at the interval, and sooner what is urgent, until ``close()`` or until the task is cancelled.
  /// An error of the disk does not end it: what could not be committed stays queued and is tried again.
  public func run() async {
    var pacing = CommitPacing(
      interval: settings.commitInterval, urgentDelay: settings.urgentDelay, now: time.now().monotonic)
    var pause = StartPause()
    await withTaskCancellationHandler {
      while !isClosed && !Task.isCancelled {
        let now = time.now().monotonic
        if intake.takeUrgency() { pacing.urge(at: now) }
        if pause.due(pacing.due(now: now)) <= now {
          if hasWork {
            commit()
            pacing.committed(at: now)
            pause.tried(at: now, isOpen: opened != nil)
          } else {
            pacing.idled(at: now)
          }
        }
        await executor.sleep(until: .current + (pause.due(pacing.due(now: now)) - now))
      }
    } onCancel: {
      executor.wake()
    }
  }

  /// Commits what waits, marks a clean stop and closes the file. ``run()`` returns.
  public func close() {
    guard !isClosed else { return }
    isClosed = true
    // What a fault left in the batch goes first, so that the last commit has what came after.
    if !batch.isEmpty { commit() }
    if commit(isLast: true) { opened?.file.letLogGo() }
    try? opened?.file.queue.close()
    opened = nil
    face.finish()
    waits.close()
    executor.wake()
  }

  /// A file that is not open is to be opened although nothing waits.
  var hasWork: Bool {
    let now = time.now()
    return opened.map { $0.ledger.isDue(at: now) } ?? true || intake.hasWork || !batch.isEmpty || !damaged.isEmpty
      || reporters.isDue(at: now.monotonic)
  }

  /// One commit. What fails stays in the batch, and the fault is kept for the status.
  /// - Returns: whether it is on the disk.
  @discardableResult
  func commit(isLast: Bool = false) -> Bool {
    if batch.samples.isEmpty { taken = time.now().monotonic }
    intake.fill(&batch)
    do {
      // Nil where the file could not be opened, or a new one not begun after damage.
      if opened == nil && !isClosed { try start() }
      try writeOrMakeRoom(isLast: isLast)
      waits.committed(batch.lastState)
      batch = Batch()
      damaged = []
      isSound = false
      if let opened { face.show(opened.ledger, bytes: bytes(opened.file), fault: nil) }
      if let opened { shrinkIfTooLarge(opened.file) }
      if let opened { handOverLog(opened.file) }
      return true
    } catch {
      face.show(fault: "\(error)")
      waits.failed(batch.lastState)
      if meansDamage(error) { startAnew(error) }
      return false
    }
  }

  private func writeOrMakeRoom(isLast: Bool) throws {
    let isDiskFull = !reserve.fill() && isShortOfRoom
    do {
      try write(isLast: isLast, isDiskFull: isDiskFull)
    } catch let error as DatabaseError where error.resultCode == .SQLITE_IOERR {
      // It may have been a moment's weakness, and that is no reason to delete anything.
      do { try write(isLast: isLast, isDiskFull: isDiskFull) } catch { try makeRoom(isLast: isLast, error) }
    } catch {
      try makeRoom(isLast: isLast, error)
    }
  }

  /// The file must not grow where what is in the log alone could not be moved out of it.
  private var isShortOfRoom: Bool {
    guard let file = opened?.file else { return false }
    return freeBytes(at: file.path) < 2 * max(file.usualLog, min(file.logBytes, settings.budget))
  }

  private func makeRoom(isLast: Bool, _ error: any Error) throws {
    guard let error = error as? DatabaseError, error.meansNoRoom else { throw error }
    // Rolled back. What somebody may want to look at goes before what was measured.
    while let deleted = letCopyGo() {
      batch.entries.append(.event(deleted))
      if try hasRoom({ try write(isLast: isLast, isDiskFull: false) }) { return }
    }
    // The reserve makes room for what the log has to hand over, and for the log of a transaction that deletes.
    reserve.giveBack()
    opened?.file.checkpoint()
    if try hasRoom({ try write(isLast: isLast, isDiskFull: true) }) { return }
    // Thinning takes more of the log than deleting.
    opened?.file.checkpoint()
    try write(isLast: isLast, isDiskFull: true, thinsOldest: false)
  }

  /// False where a commit found no room on the disk.
  func hasRoom(_ commit: () throws -> Void) throws -> Bool {
    do { try commit() } catch let error as DatabaseError where error.meansNoRoom && !error.meansDamage { return false }
    return true
  }

  private func write(isLast: Bool, isDiskFull: Bool, thinsOldest: Bool = true) throws {
    guard let opened else { throw JournalError.closed }
    let now = time.now()
    var added: UInt64 = 0
    var reporters = reporters
    let room = room(opened.file, isDiskFull: isDiskFull, thinsOldest: thinsOldest)
    let ledger = try opened.file.queue.write { db in
      var transaction = CommitTransaction(
        db: db, ledger: opened.ledger, room: room, destinations: settings.destinations.map(\.id), now: now)
      try LedgerRows(db: db).refuseForeignWriter(opened.ledger)
      let counters = counters()
      transaction.count(droppedSamples: counters.droppedSamples, droppedEvents: counters.droppedEvents)
      var batch = batch
      batch.entries += try transaction.drop(damaged)
      try transaction.release(after: settings.retention)
      if now.isClockTrusted, let lost = opened.ledger.lostTime {
        batch.entries += lost.entries(at: now)
        try transaction.settle(lost)
      }
      transaction.reports = reporters.report(batch.samples, taken: taken, last: isLast ? now : nil)
      transaction.usualRoom = self.room(opened.file, isDiskFull: isDiskFull, isUsual: true)
      transaction.isLast = isLast
      try transaction.add(batch, isDiskFull: isDiskFull)
      try transaction.finish()
      if isLast { try db.execute(sql: "UPDATE boot SET clean = 1 WHERE n = (SELECT max(n) FROM boot)") }
      added = transaction.addedRecords
      return transaction.ledger
    }
    self.opened?.ledger = ledger
    self.reporters = reporters
    writeMark(ledger)
    face.committed(added)
  }

  /// - Parameters:
  ///   - isDiskFull: the file stays as large as it is.
  ///   - isUsual: however long the log is at this moment.
  ///   - thinsOldest: as the settings say; otherwise nothing is thinned.
  func room(
    _ file: JournalFile, isDiskFull: Bool = false, isUsual: Bool = false, thinsOldest: Bool = true
  ) -> Room {
    let room = Room(
      budget: settings.budget, reserve: settings.reserve,
      logAllowance: isUsual ? file.usualLog : max(file.usualLog, file.logBytes), pageSize: file.pageSize,
      thinsOldest: thinsOldest && settings.whenFull == .thinOldest)
    return isDiskFull ? room.limited(to: fileSize(file.path) / file.pageSize) : room
  }

  func bytes(_ file: JournalFile) -> UInt64 {
    UInt64(fileSize(file.path) + file.logBytes + reserve.heldBytes)
  }

  /// Whether the file has to be set aside.
  func meansDamage(_ error: any Error) -> Bool {
    if case JournalError.damaged = error { return true }
    guard let error = error as? DatabaseError else { return false }
    if error.asksTheFile { return !isFoundSound(opened?.file) }
    return [.SQLITE_CORRUPT, .SQLITE_NOTADB].contains(error.resultCode)
  }

  /// Looks at the whole file, once until a commit succeeds: it takes seconds where the file is large.
  func isFoundSound(_ file: JournalFile?) -> Bool {
    if !isSound, let file { isSound = file.isSound() }
    return isSound
  }

  /// The file turned out to be damaged while in use: set it aside, begin a new one. What waits is kept.
  func startAnew(_ error: any Error) {
    try? opened?.file.queue.close()
    opened = nil
    damaged = []
    do { try start(damage: "\(error)") } catch { face.show(fault: "\(error)") }
  }
}
