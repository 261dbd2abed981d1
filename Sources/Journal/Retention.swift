import EnergyModel
import GRDB

/// How long the logs have held what they hold, in time that the journal was running: what everybody has acknowledged
/// stays for replay for its time, whatever the wall clock said when it was recorded and says now.
///
/// The file keeps it over starts, to some minutes, so that a box that starts every day does not keep everything. What
/// is uncertain counts as younger than it is.
struct Retention: Sendable {
  /// Where the logs stood: the seqs that their next records got.
  private struct Mark {
    var running: Duration
    var next: [Epoch: UInt64]
  }

  /// The key of `state`.
  static let key = "journal.retention"
  /// How often something may be let go.
  private static let pace: Duration = .seconds(60)
  /// Marks over the time of replay.
  private static let marks = 48

  /// Oldest first.
  private var marks: [Mark] = []
  private let start: MonotonicInstant
  /// Running time before this start, as far as it is known.
  private let earlier: Duration
  /// Nothing was added since.
  private var lastCommit: MonotonicInstant
  private var lastPass: MonotonicInstant?
  private var isChanged = false

  /// As earlier starts left it.
  init(_ db: Database, at now: MonotonicInstant) throws {
    let row = try Row.fetchOne(db, sql: "SELECT value FROM state WHERE key = ?", arguments: [Self.key])
    let bytes = try row?.bytes("value")
    for line in String(decoding: bytes ?? [], as: UTF8.self).split(separator: "\n") {
      let words = line.split(separator: " ")
      guard let running = words.first.flatMap({ Int64($0) }) else { continue }
      var next: [Epoch: UInt64] = [:]
      for (epoch, seq) in zip(words.dropFirst(), words.dropFirst(2)) {
        if let epoch = Epoch(String(epoch)) { next[epoch] = UInt64(seq) }
      }
      marks.append(Mark(running: .milliseconds(running), next: next))
    }
    earlier = marks.last?.running ?? .zero
    start = now
    lastCommit = now
  }

  /// A commit begins, and the logs still stand as the last one left them.
  /// - Returns: by log, the seq below which everything was there `time` ago; nothing where that was asked just now.
  mutating func pass(
    _ now: MonotonicInstant, _ logs: [Ledger.Log], time: Duration
  ) -> [Epoch: UInt64] {
    defer { lastCommit = now }
    guard lastPass.map({ now - $0 >= Self.pace }) ?? true else { return [:] }
    lastPass = now
    if marks.last.map({ running(now) - $0.running >= time / Self.marks }) ?? true {
      marks.append(
        Mark(
          running: running(lastCommit), next: Dictionary(logs.map { ($0.epoch, $0.next) }, uniquingKeysWith: max)))
      let old = marks.lastIndex { $0.running <= running(now) - time } ?? 0
      marks.removeFirst(old)
      isChanged = true
    }
    return marks.last { $0.running <= running(now) - time }?.next ?? [:]
  }

  private func running(_ now: MonotonicInstant) -> Duration { earlier + (now - start) }

  /// The last step of the commit, when room was made.
  mutating func store(_ db: Database) throws {
    guard isChanged else { return }
    isChanged = false
    let lines = marks.map { mark in
      mark.next.reduce("\(mark.running.milliseconds)") { $0 + " \($1.key) \($1.value)" }
    }
    try db.run(
      "INSERT OR REPLACE INTO state(key, value) VALUES (?, ?)",
      [Self.key, blob(Array(lines.joined(separator: "\n").utf8))])
  }
}
