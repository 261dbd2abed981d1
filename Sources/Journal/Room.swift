import EnergyModel
import GRDB

/// How many pages of the database the budget allows.
struct Room: Sendable {
  let pageSize: Int
  /// Pages that may be in use.
  private(set) var limit: Int
  /// Whether telemetry becomes coarser before any is dropped that somebody still waits for.
  let thinsOldest: Bool

  /// Deleting goes on until this share of the limit is free, so that a full journal does not announce a
  /// gap with every commit.
  static let purgedShare = 50

  init(budget: Int, reserve: Int, logAllowance: Int, pageSize: Int, thinsOldest: Bool) {
    self.pageSize = pageSize
    self.thinsOldest = thinsOldest
    limit = max(24, (budget - reserve - logAllowance) / pageSize)
  }

  func limited(to pages: Int) -> Room {
    var room = self
    room.limit = min(limit, max(24, pages))
    return room
  }

  /// Bytes of payloads that one commit reads in order to thin them: so that it stays short, and because the pages that
  /// become free go through the log all the same.
  var mostThinnedBytes: Int { min(512 << 10, limit * pageSize / 32) }

  /// Pages that a commit may take, generously: payloads, interior pages, and a page for each tree it touches.
  func pages(for bytes: Int, segments: Int) -> Int { bytes / (pageSize - 200) + segments * 2 + 10 }
}

extension CommitTransaction {
  private enum Stage: CaseIterable {
    case acknowledgedTelemetry, telemetry, acknowledgedEvents, events

    var kind: LogState.Kind { self == .telemetry || self == .acknowledgedTelemetry ? .telemetry : .events }
    var isAcknowledgedOnly: Bool { self == .acknowledgedTelemetry || self == .acknowledgedEvents }
  }

  /// Deletes the oldest segments until a commit of `bytes` fits: telemetry that everybody has, then, unless making it
  /// coarser helps, other telemetry, and events last. After the budget was lowered the way down takes many commits.
  /// - Parameter isDiskFull: why there is no more room.
  /// - Returns: the gap records that announce what went.
  mutating func makeRoom(for bytes: Int, segments count: Int, isDiskFull: Bool) throws -> [Entry] {
    let needed = room.pages(for: bytes, segments: count)
    let used = try pagesInUse()
    // Thinning does a little with each commit, so it begins before the room is needed.
    let margin = room.thinsOldest ? 2 * needed : needed
    guard used + margin > room.limit else { return [] }
    var dropped = DroppedRuns()
    var announced: [Entry] = []
    for stage in Stage.allCases {
      // A write-ahead log that a reader holds is no reason to give up what somebody still waits for.
      let limit = stage.isAcknowledgedOnly ? room.limit : usualRoom?.limit ?? room.limit
      guard used + margin > limit else { continue }
      let most = max(used, limit)
      if room.thinsOldest, stage == .telemetry {
        announced = try thin(downTo: most - margin)
        if try pagesInUse() <= most - needed { break }
      }
      // What nobody has yet goes only for the room that is needed: aiming at the margin, a commit after a long stall
      // deleted everything.
      let target = most - room.limit / Room.purgedShare - (stage.isAcknowledgedOnly ? margin : needed)
      while try pagesInUse() > target, let (log, keys) = try oldest(stage) {
        for key in keys where try pagesInUse() > target { try delete(key, of: log, into: &dropped) }
      }
    }
    try settle()
    return announced + announce(dropped, cause: isDiskFull ? "disk-full" : "budget")
  }

  /// Deletes what everybody has acknowledged and what has been there for the `time` of replay; nothing is lost by
  /// it, so nothing is announced. Bounded, because there will be a next time.
  mutating func release(after time: Duration) throws {
    let old = ledger.retention?.pass(now.monotonic, ledger.logs, time: time) ?? [:]
    var released = DroppedRuns()
    for log in ledger.logs {
      guard let next = old[log.epoch] else { continue }
      let runs = ledger.acknowledgedByAll(log, destinations: destinations)
      for key in try oldestKeys(log, within: runs, limit: 256) where key.range.last < next {
        try delete(key, of: log.id, into: &released)
      }
    }
    if !released.runs.isEmpty { try settle() }
  }

  /// The oldest segments of a stage; nil when it has none left.
  private func oldest(_ stage: Stage) throws -> (log: Int64, keys: [SegmentTable.Key])? {
    var best: (log: Int64, keys: [SegmentTable.Key])?
    for log in ledger.logs where log.kind == stage.kind {
      guard let written = log.written else { continue }
      let runs = stage.isAcknowledgedOnly ? ledger.acknowledgedByAll(log, destinations: destinations) : [written]
      let keys = try oldestKeys(log, within: runs, limit: 16)
      guard let first = keys.first else { continue }
      if first.lastTime < best?.keys.first?.lastTime ?? Timestamp(milliseconds: .max) { best = (log.id, keys) }
    }
    return best
  }

  private func oldestKeys(
    _ log: Ledger.Log, within runs: [SequenceRange], limit: Int
  ) throws -> [SegmentTable.Key] {
    var keys: [SegmentTable.Key] = []
    for run in runs {
      let wanted = limit - keys.count
      // One more at each end may reach out of the run, and stays.
      let found = try segments.keys(log.id, overlapping: run, limit: wanted + 2)
      keys += found.filter { $0.range.first >= run.first && $0.range.last <= run.last }.prefix(wanted)
      if keys.count >= limit { break }
    }
    return keys
  }

  func pagesInUse() throws -> Int {
    let count = try Int.fetchOne(db.cachedStatement(sql: "PRAGMA page_count")) ?? 0
    let free = try Int.fetchOne(db.cachedStatement(sql: "PRAGMA freelist_count")) ?? 0
    return count - free
  }
}
