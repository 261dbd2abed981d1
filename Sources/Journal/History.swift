import EnergyModel
import GRDB

/// Mean, minimum and maximum of every point per minute and quarter hour, computed from readings whatever the
/// logs record. Part of the ledger: a commit works on a copy, which becomes true once it is on the disk.
struct History: Sendable {
  /// How much is kept. Bytes are checked when a row is added.
  struct Limits: Sendable {
    var minuteAge: Duration = .seconds(31 * 86_400)
    var quarterAge: Duration = .seconds(3 * 365 * 86_400)
    var minuteBytes = Int.max
    var quarterBytes = Int.max

    init() {}

    /// A quarter of the room for history as a whole.
    init(_ settings: JournalSettings, _ room: Room) {
      minuteAge = settings.minuteRetention
      quarterAge = settings.quarterRetention
      minuteBytes = room.limit * room.pageSize / 16 * 3
      quarterBytes = room.limit * room.pageSize / 16
    }
  }

  var builder = HistoryBuilder(
    start: Moment(wall: Timestamp(milliseconds: 0), monotonic: MonotonicInstant(nanoseconds: 0), isClockTrusted: false))
  /// Quarter hours of which a minute was stored after their own row.
  var dueQuarters: Set<Int64> = []
  var minuteBytes = 0
  var quarterBytes = 0
  var limits = Limits()

  /// Whether rows wait to be stored although nothing else may.
  func isDue(at now: Timestamp) -> Bool {
    builder.isDue(at: now) || dueQuarters.contains { isOver(quarter: $0, at: now.milliseconds) }
  }

  /// Neither running nor, after the clock was set back, yet to come.
  fileprivate func isOver(quarter: Int64, at now: Int64) -> Bool {
    let end = quarter + HistoryTable.Name.quarter.length
    return (end + HistoryBuilder.grace <= now || quarter > now)
      && !builder.open.keys.contains { (quarter..<end).contains($0) }
  }

  /// What one commit adds.
  struct Step: Sendable {
    fileprivate(set) var minutes: [HistoryTable.Stored] = []
    fileprivate(set) var quarters: [HistoryTable.Stored] = []

    var rows: Int { minutes.count + quarters.count }
    var bytes: Int { (minutes + quarters).reduce(0) { $0 + $1.payload.count } }
  }
}

extension Ledger {
  /// Takes the batch into the history and encodes the minutes and quarter hours that are over.
  /// - Parameter isLast: the journal closes; the open minute becomes a partial row.
  mutating func takeHistory(of batch: Batch, db: Database, now: Moment, isLast: Bool) throws -> History.Step {
    for sample in batch.samples where sample.span == nil { history.builder.add(sample) }
    if let from = batch.lostSamples.from, let to = batch.lostSamples.to { history.builder.cut(from: from, to: to) }
    var step = History.Step()
    var fresh: [Int64: HistoryRow] = [:]
    let table = HistoryTable(db: db, name: .minute)
    for (minute, taken) in history.builder.take(at: now.wall, isLast: isLast) {
      var row = taken
      if !history.builder.rebuilt.contains(minute), var old = try table.row(at: minute, shapes: shapes) {
        // Of before a restart, or lived through before the clock was set back.
        old.add(row)
        old.isPartial = true
        row = old
      }
      history.builder.settle(minute)
      fresh[minute] = row
      step.minutes.append(stored(row, at: minute))
      history.dueQuarters.insert(HistoryBuilder.begin(of: minute, HistoryTable.Name.quarter.length))
    }
    for quarter in history.dueQuarters.sorted() where history.isOver(quarter: quarter, at: now.wall.milliseconds) {
      history.dueQuarters.remove(quarter)
      step.quarters.append(stored(try quarterRow(quarter, fresh, table), at: quarter))
    }
    return step
  }

  private mutating func stored(_ row: HistoryRow, at time: Int64) -> HistoryTable.Stored {
    HistoryTable.Stored(
      time: time, isPartial: row.isPartial, payload: HistoryFormat.encode(row, table: &shapes))
  }

  /// From the rows of its minutes; a minute that has none makes it partial.
  private func quarterRow(_ quarter: Int64, _ fresh: [Int64: HistoryRow], _ table: HistoryTable) throws -> HistoryRow {
    var sum = HistoryRow()
    let end = quarter + HistoryTable.Name.quarter.length
    for minute in stride(from: quarter, to: end, by: Int(HistoryBuilder.minute)) {
      if let row = try fresh[minute] ?? table.row(at: minute, shapes: shapes) {
        sum.add(row)
      } else {
        sum.isPartial = true
      }
    }
    return sum
  }

  /// Stores the rows and lets the oldest go.
  mutating func store(_ step: History.Step, db: Database, now: Moment) throws {
    guard !step.minutes.isEmpty || !step.quarters.isEmpty else { return }
    let limits = history.limits
    try Self.keep(step.minutes, in: .minute, limits.minuteAge, limits.minuteBytes, &history.minuteBytes, db, now)
    try Self.keep(step.quarters, in: .quarter, limits.quarterAge, limits.quarterBytes, &history.quarterBytes, db, now)
  }

  private static func keep(
    _ rows: [HistoryTable.Stored], in name: HistoryTable.Name, _ age: Duration, _ limit: Int, _ bytes: inout Int,
    _ db: Database, _ now: Moment
  ) throws {
    guard !rows.isEmpty else { return }
    let table = HistoryTable(db: db, name: name)
    for row in rows { bytes += try table.store(row) }
    // A clock that nobody vouches for must not make anything old.
    let cutoff = now.isClockTrusted ? (now.wall - age).milliseconds : .min
    bytes = max(0, bytes - (try table.deleteOldest(before: cutoff, bytes: bytes - limit)))
    try db.run("INSERT OR REPLACE INTO counter(name, value) VALUES (?, ?)", [name.counter, Int64(bytes)])
  }
}

extension HistoryTable.Name {
  /// The row of `counter` that keeps the bytes of this table.
  var counter: String { "\(rawValue)_bytes" }
}
