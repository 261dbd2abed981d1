import EnergyModel
import GRDB

/// The ledger as rows of the database.
struct LedgerRows {
  let db: Database

  func load(destinations: [DestinationID]) throws -> Ledger {
    var ledger = Ledger()
    let logs = "SELECT id, epoch, name, kind, next, last_time, retired FROM log ORDER BY id"
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
    for destination in destinations {
      for log in ledger.logs {
        let key = Ledger.FrontKey(destination: destination, log: log.id)
        ledger.fronts[key] = try front(destination, log)
      }
    }
    return ledger
  }

  private func log(_ row: Row) throws -> Ledger.Log {
    let id = try row.integer("id")
    let next = try row.number("next")
    let held = try SegmentTable(db: db).held(id)
    guard next > held?.last ?? 0 else { throw JournalError.damaged("the next seq \(next) is used already") }
    let hasTime = !(row["last_time"] as DatabaseValue).isNull
    return Ledger.Log(
      id: id, epoch: Epoch(number: UInt64(bitPattern: try row.integer("epoch"))), name: try row.text("name"),
      kind: try row.integer("kind") == 0 ? .telemetry : .events, next: next,
      lastTime: hasTime ? Timestamp(milliseconds: try row.integer("last_time")) : nil, held: held,
      isRetired: try row.integer("retired") != 0)
  }

  private func front(_ destination: DestinationID, _ log: Ledger.Log) throws -> Ledger.Front {
    var front = Ledger.Front()
    let rows = try Row.fetchAll(
      db, sql: "SELECT first, last FROM acknowledged WHERE destination = ? AND log = ?",
      arguments: [destination.name, log.id])
    for row in rows { front.acknowledged.insert(try row.range()) }
    guard let held = log.held else { return front }
    for gap in front.acknowledged.gaps(in: held) {
      front.backlog += try SegmentTable(db: db).records(log.id, in: gap)
    }
    return front
  }

  private func counter(_ name: String) throws -> UInt64 {
    UInt64(bitPattern: try Int64.fetchOne(db, sql: "SELECT value FROM counter WHERE name = ?", arguments: [name]) ?? 0)
  }

  /// Two processes that count on their own would give a seq twice.
  func refuseForeignWriter(_ ledger: Ledger) throws {
    for log in ledger.logs {
      let next = try Int64.fetchOne(
        db.cachedStatement(sql: "SELECT next FROM log WHERE id = ?"), arguments: [log.id])
      guard next == signed(log.next) else { throw JournalError.foreignWriter(log: log.name) }
    }
  }

  /// A new log of a kind; one of the same kind that is there already gets no more records.
  func open(_ kind: LogState.Kind, name: String, epoch: Epoch, in ledger: inout Ledger) throws {
    if let old = ledger.current(kind) {
      try db.run("UPDATE log SET retired = 1 WHERE id = ?", [ledger.logs[old].id])
      ledger.logs[old].isRetired = true
    }
    try db.run(
      "INSERT INTO log(epoch, name, kind, next) VALUES (?, ?, ?, 1)",
      [signed(epoch.number), name, kind == .telemetry ? 0 : 1])
    ledger.logs.append(Ledger.Log(id: db.lastInsertedRowID, epoch: epoch, name: name, kind: kind))
  }

  /// Writes what a commit changed. `before` is the ledger as the disk has it.
  func store(_ ledger: inout Ledger, before: Ledger) throws {
    for log in ledger.logs {
      guard let old = before.logs.first(where: { $0.id == log.id })?.next, old != log.next else { continue }
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
    for (key, front) in ledger.fronts where front.isDirty {
      try db.run("DELETE FROM acknowledged WHERE destination = ? AND log = ?", [key.destination.name, key.log])
      for range in front.acknowledged.ranges {
        try db.run(
          "INSERT INTO acknowledged(destination, log, first, last) VALUES (?, ?, ?, ?)",
          [key.destination.name, key.log, signed(range.first), signed(range.last)])
      }
      ledger.fronts[key]?.isDirty = false
    }
  }
}
