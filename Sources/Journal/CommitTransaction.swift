import EnergyModel
import GRDB

/// One commit: everything that waits, in one transaction over all logs. The caller owns the transaction
/// and takes ``ledger`` over once it is on the disk.
struct CommitTransaction {
  /// Most records of one segment, so that a message and a decoding stay small.
  static let mostRecords = 256
  /// Most readings of one segment: some 100 kB as JSON.
  static let mostReadings = 4000
  /// Most bytes of bodies in one segment of the event log.
  static let mostEntryBytes = 48 << 10

  let db: Database
  let room: Room
  let destinations: [DestinationID]
  let now: Moment
  private let before: Ledger
  var ledger: Ledger
  /// What the telemetry logs record of the batch.
  var reports: [Reporters.Report] = []
  /// Records that became part of a log.
  private(set) var addedRecords: UInt64 = 0
  /// As large as it is while the write-ahead log is no longer than usual; nil where that is ``room``.
  var usualRoom: Room?
  /// The journal closes with this commit.
  var isLast = false

  var segments: SegmentTable { SegmentTable(db: db) }

  init(db: Database, ledger: Ledger, room: Room, destinations: [DestinationID], now: Moment) {
    self.db = db
    self.ledger = ledger
    self.room = room
    self.destinations = destinations
    self.now = now
    before = ledger
  }

  /// Adds what waits, and makes room for it by deleting the oldest where the budget asks for it.
  mutating func add(_ batch: Batch, isDiskFull: Bool) throws {
    for (key, value) in batch.states {
      try db.run("INSERT OR REPLACE INTO state(key, value) VALUES (?, ?)", [key, blob(value)])
    }
    let history = try ledger.takeHistory(of: batch, db: db, now: now, isLast: isLast)
    var entries = batch.entries + announceLosses(in: batch)
    let reports = reports
    let parts = reports.flatMap { report in
      report.samples.segments(mostRecords: Self.mostRecords, mostReadings: Self.mostReadings).map { samples in
        (log: report.log, samples: samples, payload: Payload(Array(samples), shapes: &ledger.shapes))
      }
    }
    let open = reports.compactMap { openIntervals(of: $0, isNew: !batch.samples.isEmpty) }
    let bytes =
      open.reduce(0) { $0 + $1.bytes.count } + parts.reduce(0) { $0 + $1.payload.bytes.count }
      + entries.reduce(0) { $0 + $1.stored.body.utf8.count }
      + batch.states.reduce(0) { $0 + $1.value.count } + history.bytes
    entries += try makeRoom(for: bytes, segments: parts.count + open.count + 1 + history.rows, isDiskFull: isDiskFull)
    // Looked up only now: making room may have let a log go.
    for part in parts {
      guard let log = ledger.logs.firstIndex(where: { $0.id == part.log }) else { continue }
      try append(part.payload, times: part.samples.map(\.measured.wall), to: log)
    }
    try keep(open)
    if let newest = batch.samples.last?.measured {
      stand(reports, at: ledger.lostTime?.time(of: newest, by: now) ?? newest.wall)
    }
    for log in ledger.current(.events) {
      for entries in split(entries.map(\.stored)) {
        try append(Payload(entries), times: entries.map(\.time), to: log)
      }
    }
    try ledger.store(history, db: db, now: now)
  }

  /// Lets these segments go.
  /// - Returns: the gap records that say so.
  mutating func drop(_ damaged: [DamagedSegment]) throws -> [Entry] {
    var dropped = DroppedRuns()
    for segment in damaged { try delete(segment.key, of: segment.log, into: &dropped) }
    if !damaged.isEmpty { try settle() }
    return announce(dropped, cause: "damaged")
  }

  /// The last step: what the ledger says becomes rows.
  mutating func finish() throws {
    try ledger.retention?.store(db)
    try LedgerRows(db: db).store(&ledger, before: before)
  }

  mutating func count(droppedSamples: UInt64, droppedEvents: UInt64) {
    ledger.droppedSamples = droppedSamples
    ledger.droppedEvents = droppedEvents
  }

  private mutating func append(_ payload: Payload, times: [Timestamp], to index: Int) throws {
    guard let first = times.first, let last = times.last else { return }
    let next = ledger.logs[index].next
    let range = SequenceRange(next, next + UInt64(times.count) - 1)
    try segments.insert(ledger.logs[index].id, range, (times.min() ?? first, times.max() ?? last), payload)
    ledger.added(range, to: index, lastTime: last, destinations: destinations)
    addedRecords += range.count
  }

  private func announceLosses(in batch: Batch) -> [Entry] {
    overflow(batch.lostSamples, of: .telemetry, "samples") + overflow(batch.lostEntries, of: .events, "entries")
  }

  /// A gap in the time of each log of a kind, and an event that says how much it was.
  private func overflow(_ lost: Intake.Overflow, of kind: LogState.Kind, _ what: String) -> [Entry] {
    guard lost.count > 0, let from = lost.from, let to = lost.to else { return [] }
    let event = Event(
      at: now, name: kind == .telemetry ? "samples-dropped" : "events-dropped", severity: .alarm,
      text: "\(lost.count) \(what) found no room in the queue of the journal",
      data: [what: .integer(Int64(clamping: lost.count))])
    return ledger.current(kind).map { log in
      .lostTime(epoch: ledger.logs[log].epoch, from: from, to: to, cause: "overflow", at: now)
    } + [.event(event)]
  }

  private func split(_ entries: [EntryCoding.Stored]) -> [[EntryCoding.Stored]] {
    var parts: [[EntryCoding.Stored]] = []
    var bytes = 0
    for entry in entries {
      let size = entry.body.utf8.count
      if parts.isEmpty || bytes + size > Self.mostEntryBytes || parts[parts.count - 1].count == Self.mostRecords {
        parts.append([])
        bytes = 0
      }
      parts[parts.count - 1].append(entry)
      bytes += size
    }
    return parts
  }

  mutating func delete(_ key: SegmentTable.Key, of log: Int64, into dropped: inout DroppedRuns) throws {
    try segments.delete(key)
    ledger.removed(key.range, from: log)
    dropped.add(key.range, of: log)
  }

  /// Counts what was dropped and makes one gap record for each run of it.
  mutating func announce(_ dropped: DroppedRuns, cause: String) -> [Entry] {
    dropped.runs.compactMap { run in
      ledger.purgedRecords += run.range.count
      guard let log = ledger.logs.first(where: { $0.id == run.log }) else { return nil }
      return .lostRecords(epoch: log.epoch, range: run.range, cause: cause, at: now)
    }
  }

  /// After deleting: what is held now, and acknowledgements of what nobody holds any more.
  mutating func settle() throws {
    for index in ledger.logs.indices {
      let log = ledger.logs[index]
      ledger.logs[index].held = try segments.held(log.id)
      let first = ledger.logs[index].held?.first ?? log.next
      for destination in destinations {
        let key = Ledger.FrontKey(destination: destination, log: log.id)
        guard let front = ledger.fronts[key], front.acknowledged.ranges.contains(where: { $0.last < first }) else {
          continue
        }
        ledger.fronts[key]?.acknowledged = SequenceRangeSet(front.acknowledged.ranges.filter { $0.last >= first })
      }
    }
    for log in ledger.logs where log.isRetired && log.held == nil {
      try db.run("DELETE FROM acknowledged WHERE log = ?", [log.id])
      try db.run("DELETE FROM reader WHERE log = ?", [log.id])
      try db.run("DELETE FROM log WHERE id = ?", [log.id])
      ledger.logs.removeAll { $0.id == log.id }
      ledger.fronts = ledger.fronts.filter { $0.key.log != log.id }
    }
  }
}

/// A segment that could not be read.
struct DamagedSegment: Sendable {
  var log: Int64
  var key: SegmentTable.Key
}

/// What was deleted, neighbours joined.
struct DroppedRuns {
  private(set) var runs: [(log: Int64, range: SequenceRange)] = []

  mutating func add(_ range: SequenceRange, of log: Int64) {
    if let last = runs.last, last.log == log, last.range.last + 1 == range.first {
      runs[runs.count - 1].range.last = range.last
    } else {
      runs.append((log, range))
    }
  }
}

extension Array<Sample> {
  /// Slices in order, each of at least one record.
  func segments(mostRecords: Int, mostReadings: Int) -> [ArraySlice<Sample>] {
    var slices: [ArraySlice<Sample>] = []
    var first = 0
    var readings = 0
    for (index, sample) in enumerated() {
      if index > first, index - first == mostRecords || readings + sample.readings.count > mostReadings {
        slices.append(self[first..<index])
        first = index
        readings = 0
      }
      readings += sample.readings.count
    }
    return first < count ? slices + [self[first...]] : slices
  }
}
