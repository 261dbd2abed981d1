import EnergyModel
import GRDB

/// Time of which the telemetry logs have nothing: from the last record that was committed to the next start.
///
/// A start whose clock nobody vouches for cannot say until when. What it knows is kept in the file, whatever happens
/// to the box meanwhile, and told once the clock is trusted.
struct LostTime: Sendable {
  /// Since when, by log. Empty once it is told.
  fileprivate(set) var since: [(epoch: Epoch, from: Timestamp)] = []
  /// The clock is trusted, and what stood in the ledger is corrected.
  fileprivate(set) var isSettled = false
  private var hasCrashed: Bool
  /// The start, or the first sample that waited for the file.
  let end: Moment

  /// The key of `state`.
  static let key = "journal.lost-time"

  /// As a start finds it, with what earlier ones could not tell. What was recorded since then lies somewhere within.
  init(_ ledger: Ledger, until end: Moment, isCrash: Bool, _ db: Database) throws {
    self.end = end
    hasCrashed = isCrash
    let sql = "SELECT value FROM state WHERE key = ?"
    let bytes = try Row.fetchOne(db, sql: sql, arguments: [Self.key])?.bytes("value") ?? []
    let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n").map { $0.split(separator: " ") }
    if lines.first == ["crash"] { hasCrashed = true }
    var known: [Epoch: Timestamp] = [:]
    for line in lines.dropFirst() where line.count == 2 {
      guard let epoch = Epoch(String(line[0])), let from = Int64(line[1]) else { continue }
      known[epoch] = Timestamp(milliseconds: from)
    }
    for log in ledger.logs where log.kind == .telemetry {
      let last = log.isRetired ? nil : log.lastTime
      if let from = known.removeValue(forKey: log.epoch) ?? last { since.append((log.epoch, from)) }
    }
    // Of logs that were let go before anybody knew the time.
    since += known.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
  }

  private var cause: String { hasCrashed ? "crash" : "stop" }

  /// How far the clock was off that nobody vouched for, by one that is trusted.
  fileprivate func correction(by now: Moment) -> Duration { (now.wall - end.wall) - (now.monotonic - end.monotonic) }

  /// When something was measured, as the clock of `now` counts.
  func time(of measured: Moment, by now: Moment) -> Timestamp {
    now.isClockTrusted && !measured.isClockTrusted ? measured.wall + correction(by: now) : measured.wall
  }

  /// Until the start, as the clock of `now` counts.
  func entries(at now: Moment) -> [Entry] {
    let to = now.wall - (now.monotonic - end.monotonic)
    // A clock that was set back must not make a gap that ends before it begins.
    return since.map { .lostTime(epoch: $0.epoch, from: $0.from, to: max($0.from, to), cause: cause, at: now) }
  }

  /// Keeps it where it cannot be told now, and lets go of what an earlier start kept where it can.
  func store(_ db: Database) throws {
    guard !end.isClockTrusted, !since.isEmpty else { return try Self.forget(db) }
    let text = cause + since.map { "\n\($0.epoch) \($0.from.milliseconds)" }.joined()
    try db.run("INSERT OR REPLACE INTO state(key, value) VALUES (?, ?)", [Self.key, blob(Array(text.utf8))])
  }

  static func forget(_ db: Database) throws { try db.run("DELETE FROM state WHERE key = ?", [key]) }
}

extension CommitTransaction {
  /// It is told, and the logs stand where the trusted clock says, so that the next gap begins there. Once, and before
  /// anything is added: what was measured before and is recorded long after says itself that its clock was not trusted.
  mutating func settle(_ lost: LostTime) throws {
    guard !lost.isSettled else { return }
    try LostTime.forget(db)
    ledger.lostTime?.isSettled = true
    ledger.lostTime?.since = []
    let correction = lost.correction(by: now)
    let astray = now.wall - correction
    for index in ledger.current(.telemetry) {
      guard let last = ledger.logs[index].lastTime, last.distance(to: astray) < last.distance(to: now.wall) else {
        continue
      }
      ledger.logs[index].lastTime = last + correction
    }
  }
}

extension Timestamp {
  fileprivate func distance(to other: Timestamp) -> UInt64 { (milliseconds &- other.milliseconds).magnitude }
}
