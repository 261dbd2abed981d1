import EnergyModel
import GRDB

/// The ledger as rows of the database.
struct LedgerRows {
  let db: Database

  /// Without fronts: who reads what is arranged first.
  func load() throws -> Ledger {
    var ledger = Ledger()
    let logs = "SELECT id, epoch, name, kind, choice, next, last_time, retired FROM log ORDER BY id"
    for row in try Row.fetchAll(db, sql: logs) {
      ledger.logs.append(try log(row))
    }
    for row in try Row.fetchAll(db, sql: "SELECT number, device, points FROM shape") {
      ledger.shapes.adopt(
        Int(try row.number("number")), device: try row.text("device"), points: try row.text("points"))
    }
    ledger.purgedRecords = try counter("purged")
    ledger.thinnedRecords = try counter("thinned")
    ledger.droppedSamples = try counter("dropped_samples")
    ledger.droppedEvents = try counter("dropped_events")
    return ledger
  }

  /// How far every reader is.
  func loadFronts(into ledger: inout Ledger) throws {
    for log in ledger.logs {
      for destination in log.readers.keys {
        ledger.fronts[Ledger.FrontKey(destination: destination, log: log.id)] = try front(destination, log)
      }
    }
  }

  private func log(_ row: Row) throws -> Ledger.Log {
    let id = try row.integer("id")
    let next = try row.number("next")
    let held = try SegmentTable(db: db).held(id)
    guard next > held?.last ?? 0 else { throw JournalError.damaged("the next seq \(next) is used already") }
    let hasTime = !(row["last_time"] as DatabaseValue).isNull
    return Ledger.Log(
      id: id, epoch: Epoch(number: UInt64(bitPattern: try row.integer("epoch"))), name: try row.text("name"),
      kind: try row.integer("kind") == 0 ? .telemetry : .events, choice: try row.text("choice"),
      readers: try readers(of: id), next: next,
      lastTime: hasTime ? Timestamp(milliseconds: try row.integer("last_time")) : nil, held: held,
      isRetired: try row.integer("retired") != 0)
  }

  private func readers(of log: Int64) throws -> [DestinationID: UInt64] {
    var readers: [DestinationID: UInt64] = [:]
    for row in try Row.fetchAll(db, sql: "SELECT destination, until FROM reader WHERE log = ?", arguments: [log]) {
      let hasEnd = !(row["until"] as DatabaseValue).isNull
      readers[DestinationID(try row.text("destination"))] = hasEnd ? try row.number("until") : .max
    }
    return readers
  }

  private func front(_ destination: DestinationID, _ log: Ledger.Log) throws -> Ledger.Front {
    var front = Ledger.Front()
    let rows = try Row.fetchAll(
      db, sql: "SELECT first, last FROM acknowledged WHERE destination = ? AND log = ?",
      arguments: [destination.name, log.id])
    front.stored = try rows.map { try $0.range() }
    front.acknowledged = SequenceRangeSet(front.stored)
    front.backlog = try backlog(front.acknowledged, of: destination, in: log)
    return front
  }

  /// Records that are held, that a destination reads and that are not acknowledged.
  func backlog(
    _ acknowledged: SequenceRangeSet, of destination: DestinationID, in log: Ledger.Log
  ) throws -> UInt64 {
    guard let read = log.part(of: log.held, for: destination) else { return 0 }
    return try acknowledged.gaps(in: read).reduce(0) { try $0 + SegmentTable(db: db).records(log.id, in: $1) }
  }

  private func counter(_ name: String) throws -> UInt64 {
    let value = try Int64.fetchOne(db, sql: "SELECT value FROM counter WHERE name = ?", arguments: [name]) ?? 0
    // What no counter can have reached is damage, and must not overflow with the next drop.
    return (0..<1 << 62).contains(value) ? UInt64(value) : 0
  }

  /// Two processes that count on their own would give a seq twice.
  func refuseForeignWriter(_ ledger: Ledger) throws {
    for log in ledger.logs {
      let next = try Int64.fetchOne(
        db.cachedStatement(sql: "SELECT next FROM log WHERE id = ?"), arguments: [log.id])
      guard next == signed(log.next) else { throw JournalError.foreignWriter(log: log.name) }
    }
  }

  /// A log that gets no more records.
  func retire(_ index: Int, in ledger: inout Ledger) throws {
    try db.run("UPDATE log SET retired = 1 WHERE id = ?", [ledger.logs[index].id])
    ledger.logs[index].isRetired = true
  }

  /// A new log, of which everything from `time` on is expected.
  func open(
    _ kind: LogState.Kind, _ plan: LogPlan, epoch: Epoch, at time: Timestamp, in ledger: inout Ledger
  ) throws {
    let choice = plan.choice.description
    try db.run(
      "INSERT INTO log(epoch, name, kind, choice, next, last_time) VALUES (?, ?, ?, ?, 1, ?)",
      [signed(epoch.number), plan.name, kind == .telemetry ? 0 : 1, choice, time.milliseconds])
    ledger.logs.append(
      Ledger.Log(
        id: db.lastInsertedRowID, epoch: epoch, name: plan.name, kind: kind, choice: choice, lastTime: time))
  }

  /// Who reads which telemetry log; the event log is read by all.
  func storeReaders(_ ledger: Ledger) throws {
    for log in ledger.logs where log.kind == .telemetry {
      guard try readers(of: log.id) != log.readers else { continue }
      try db.run("DELETE FROM reader WHERE log = ?", [log.id])
      for (destination, until) in log.readers {
        try db.run(
          "INSERT INTO reader(destination, log, until) VALUES (?, ?, ?)",
          [destination.name, log.id, until == .max ? nil : signed(until)])
      }
    }
  }

  func hasAcknowledged(_ destination: DestinationID, _ log: Ledger.Log) throws -> Bool {
    let sql = "SELECT EXISTS(SELECT 1 FROM acknowledged WHERE destination = ? AND log = ?)"
    return try Bool.fetchOne(db, sql: sql, arguments: [destination.name, log.id]) ?? false
  }

  /// Deletes the acknowledgements of those who do not read a log any more.
  func forgetStrangers(_ ledger: Ledger) throws {
    let readers = ledger.logs.map { ($0.id, $0.readers) }
    for row in try Row.fetchAll(db, sql: "SELECT DISTINCT destination, log FROM acknowledged") {
      let (name, log) = (try row.text("destination"), try row.integer("log"))
      guard !readers.contains(where: { $0 == log && $1[DestinationID(name)] != nil }) else { continue }
      try db.run("DELETE FROM acknowledged WHERE destination = ? AND log = ?", [name, log])
    }
  }

  /// Writes what a commit changed. `before` is the ledger as the disk has it.
  func store(_ ledger: inout Ledger, before: Ledger) throws {
    for log in ledger.logs {
      guard let old = before.logs.first(where: { $0.id == log.id }) else { continue }
      guard old.next != log.next || old.lastTime != log.lastTime else { continue }
      try db.run(
        "UPDATE log SET next = ?, last_time = ? WHERE id = ?",
        [signed(log.next), log.lastTime?.milliseconds, log.id])
    }
    for (number, shape) in ledger.shapes.fresh {
      try db.run(
        "INSERT INTO shape(number, device, points) VALUES (?, ?, ?)", [number, shape.device.name, shape.pointNames])
    }
    ledger.shapes.markStored()
    for (name, value, old) in [
      ("purged", ledger.purgedRecords, before.purgedRecords),
      ("thinned", ledger.thinnedRecords, before.thinnedRecords),
      ("dropped_samples", ledger.droppedSamples, before.droppedSamples),
      ("dropped_events", ledger.droppedEvents, before.droppedEvents),
    ] where value != old {
      try db.run("INSERT OR REPLACE INTO counter(name, value) VALUES (?, ?)", [name, signed(value)])
    }
    try storeFronts(&ledger)
  }

  private func storeFronts(_ ledger: inout Ledger) throws {
    for (key, front) in ledger.fronts where front.stored != front.acknowledged.ranges {
      // There may be thousands, and most of them stand as they stood.
      let (old, new) = (Set(front.stored), Set(front.acknowledged.ranges))
      for range in front.stored where !new.contains(range) {
        try db.run(
          "DELETE FROM acknowledged WHERE destination = ? AND log = ? AND first = ?",
          [key.destination.name, key.log, signed(range.first)])
      }
      for range in front.acknowledged.ranges where !old.contains(range) {
        try db.run(
          "INSERT INTO acknowledged(destination, log, first, last) VALUES (?, ?, ?, ?)",
          [key.destination.name, key.log, signed(range.first), signed(range.last)])
      }
      ledger.fronts[key]?.stored = front.acknowledged.ranges
    }
  }
}
