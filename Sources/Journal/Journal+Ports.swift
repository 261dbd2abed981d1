public import EnergyModel
import GRDB
import Threads

extension Journal: SampleSink, EventSink, DecisionSink, CommandResultSink {
  public nonisolated func accept(_ sample: Sample) { intake.put(sample) }

  public nonisolated func post(_ event: Event) {
    let isUrgent = event.severity == .alarm
    intake.put(.event(event), isUrgent: isUrgent)
    if isUrgent { executor.wake() }
  }

  public nonisolated func post(_ decision: Decision) { intake.put(.decision(decision), isUrgent: false) }

  public nonisolated func post(_ result: CommandResult) { intake.put(.result(result), isUrgent: false) }
}

extension Journal: DurableStateStore {
  public nonisolated func save(_ bytes: [UInt8], under key: String) { save(bytes, under: key, isUrgent: false) }

  /// - Parameter isUrgent: committed like an alarm, for a limit state or an accepted command.
  public nonisolated func save(_ bytes: [UInt8], under key: String, isUrgent: Bool) {
    intake.put(bytes, under: key, at: time.now().wall, isUrgent: isUrgent)
    if isUrgent { executor.wake() }
  }

  public nonisolated func saveDurably(_ bytes: [UInt8], under key: String, within patience: Duration) -> Bool {
    let deadline = MonotonicInstant.current + patience
    guard let number = intake.put(bytes, under: key, at: time.now().wall, isUrgent: true) else { return false }
    executor.wake()
    return waits.wait(for: number, until: deadline)
  }

  public func load(_ key: String) throws -> [UInt8]? {
    if let waiting = intake.waitingState(key) ?? batch.states[key] { return waiting }
    guard let opened else {
      if isClosed { throw JournalError.closed }
      return nil
    }
    return try opened.file.queue.read { db in
      try Row.fetchOne(db, sql: "SELECT value FROM state WHERE key = ?", arguments: [key]).map { try $0.bytes("value") }
    }
  }
}

extension Journal: SegmentStore {
  public nonisolated var boot: Int { face.counters.boot }

  /// Throws while the file could not be opened: that there are none would be news to a receiver.
  public func logs(for destination: DestinationID) throws -> [LogState] {
    try refuseStrangers(destination)
    guard let opened else { throw JournalError.closed }
    return opened.ledger.logs.filter { $0.readers[destination] != nil }.map {
      LogState(epoch: $0.epoch, name: $0.name, kind: $0.kind, held: $0.part(of: $0.held, for: destination))
    }
  }

  /// Every log that is held.
  func logs() throws -> [LogState] {
    guard let opened else {
      if isClosed { throw JournalError.closed }
      return []
    }
    return opened.ledger.logs.map { LogState(epoch: $0.epoch, name: $0.name, kind: $0.kind, held: $0.held) }
  }

  public func unacknowledged(
    by destination: DestinationID, of epoch: Epoch, excluding inFlight: SequenceRangeSet, since: Timestamp?,
    limit: Int
  ) throws -> [Segment] {
    guard let opened else { throw JournalError.closed }
    try refuseStrangers(destination)
    let log = try opened.ledger.log(epoch, readBy: destination)
    let front = front(destination, log, opened.ledger)
    guard let held = log.part(of: log.held, for: destination), limit > 0 else { return [] }
    let covered = front.acknowledged.union(inFlight)
    let limit = min(limit, Self.mostSegments)
    do {
      // Unsafe where others write through another connection; nobody does. A safe one sets a pragma, and with each
      // SQLite prepares every statement anew.
      let stored = try opened.file.queue.unsafeRead { db in
        try SegmentTable(db: db).unsent(log.id, outside: covered, of: held, since: since, limit: limit)
      }
      return stored.compactMap { segment($0, of: log, opened.ledger.shapes) }
    } catch {
      if meansDamage(error) { startAnew(error) }
      throw error
    }
  }

  /// Nil for a segment that nobody will ever read again: the next commit lets it go and says so.
  private func segment(_ stored: StoredSegment, of log: Ledger.Log, _ shapes: ShapeTable) -> Segment? {
    do {
      return try stored.segment(of: log, shapes: shapes)
    } catch {
      let key = stored.key
      if !damaged.contains(where: { $0.key.id == key.id }) { damaged.append(DamagedSegment(log: log.id, key: key)) }
      return nil
    }
  }

  /// Segments of one answer, whatever was asked for: reading must stay short.
  private static var mostSegments: Int { 1000 }

  public func acknowledge(
    _ ranges: [SequenceRange], of epoch: Epoch, by destination: DestinationID
  ) throws {
    guard var ledger = opened?.ledger, let file = opened?.file else { throw JournalError.closed }
    try refuseStrangers(destination)
    // The log may have been let go while its data was under way: then there is nothing to remember.
    guard let log = ledger.logs.first(where: { $0.epoch == epoch }) else { return }
    var front = front(destination, log, ledger)
    // Nobody can acknowledge what was never given out.
    guard let held = log.part(of: log.held, for: destination) else { return }
    var arrived: UInt64 = 0
    try file.queue.unsafeRead { db in
      for range in ranges where range.last >= held.first && range.first <= held.last {
        let range = SequenceRange(max(range.first, held.first), min(range.last, held.last))
        for gap in front.acknowledged.gaps(in: range) {
          arrived += try SegmentTable(db: db).records(log.id, in: gap)
        }
        front.acknowledged.insert(range)
      }
      front.backlog -= min(front.backlog, arrived)
      try bound(&front, of: log, db)
    }
    ledger.fronts[Ledger.FrontKey(destination: destination, log: log.id)] = front
    opened?.ledger = ledger
    face.acknowledged(arrived, by: destination, ledger)
  }

  public func replay(_ ranges: [SequenceRange], of epoch: Epoch, to destination: DestinationID) throws {
    guard var ledger = opened?.ledger, let file = opened?.file else { throw JournalError.closed }
    try refuseStrangers(destination)
    let log = try ledger.log(epoch, readBy: destination)
    guard let written = log.part(of: log.written, for: destination) else { throw JournalError.neverGiven(last: 0) }
    let asked = SequenceRangeSet(
      ranges.filter { $0.first <= written.last && $0.last >= written.first }
        .map { SequenceRange(max($0.first, written.first), min($0.last, written.last)) })
    guard !asked.isEmpty else { throw JournalError.neverGiven(last: written.last) }
    var front = front(destination, log, ledger)
    front.acknowledged = SequenceRangeSet(front.acknowledged.ranges.flatMap { asked.gaps(in: $0) })
    let missing = try file.queue.read { db in
      front.backlog = try LedgerRows(db: db).backlog(front.acknowledged, of: destination, in: log)
      try bound(&front, of: log, db)
      return try asked.ranges.reduce(into: [SequenceRange]()) { holes, range in
        holes += try SegmentTable(db: db).holes(log.id, in: range, limit: Self.mostGapsOfReplay - holes.count)
      }
    }
    announce(missing, of: epoch)
    ledger.fronts[Ledger.FrontKey(destination: destination, log: log.id)] = front
    opened?.ledger = ledger
    face.showBacklog(ledger)
  }

  private func bound(_ front: inout Ledger.Front, of log: Ledger.Log, _ db: Database) throws {
    announce(
      try SegmentTable(db: db).forget(beyond: settings.mostAcknowledgedRanges, in: &front, of: log.id), of: log.epoch)
  }

  private func announce(_ missing: [SequenceRange], of epoch: Epoch) {
    let now = time.now()
    for range in missing {
      intake.put(.lostRecords(epoch: epoch, range: range, cause: "not-held", at: now), isUrgent: false)
    }
  }

  /// Gap records that one call may ask for.
  private static var mostGapsOfReplay: Int { 64 }

  public nonisolated func backlog(for destination: DestinationID) -> UInt64 { face.backlog(for: destination) }

  public nonisolated func commits() -> AsyncStream<Void> { face.listen() }

  private func refuseStrangers(_ destination: DestinationID) throws {
    guard settings.destinations.contains(where: { $0.id == destination }) else {
      throw JournalError.unknownDestination(destination)
    }
  }

  private func front(_ destination: DestinationID, _ log: Ledger.Log, _ ledger: Ledger) -> Ledger.Front {
    ledger.fronts[Ledger.FrontKey(destination: destination, log: log.id)] ?? Ledger.Front()
  }
}

extension Journal {
  /// Commits what waits now, instead of at the next interval.
  /// - Returns: whether it is on the disk.
  public func flush() -> Bool { commit() }

  /// Counters for the status. Records and commits count from this start, drops over all starts.
  public nonisolated func counters() -> SiteStatus.Journal {
    var counters = face.counters
    counters.droppedSamples = face.droppedBefore.samples + intake.droppedSamples
    counters.droppedEvents = face.droppedBefore.events + intake.droppedEvents
    return counters
  }

  /// Records that a destination has acknowledged since this start.
  public nonisolated func acknowledgedRecords(by destination: DestinationID) -> UInt64 {
    face.acknowledged(by: destination)
  }
}
