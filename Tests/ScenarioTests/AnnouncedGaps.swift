import Foundation

/// The stretches of time of which gap records say that a log has nothing of them, held against what must be said.
struct AnnouncedGaps {
  struct Gap: Hashable, Comparable, CustomStringConvertible {
    /// UTC ms.
    var from: Int64
    var to: Int64
    var cause: String

    static func < (a: Gap, b: Gap) -> Bool { (a.to, a.from, a.cause) < (b.to, b.from, b.cause) }
    var description: String { "\(from)…\(to) \(cause)" }
  }

  /// A start whose row was committed.
  struct Start: Hashable, Sendable {
    var boot: Int
    /// As its row says, UTC ms.
    var at: Int64
    /// The newest seq of the log that was committed before it; 0: none.
    var committed: UInt64
  }

  /// In order of their ends; one record each.
  private(set) var gaps: [Gap] = []
  /// When the record of a seq was measured, UTC ms.
  private var times: [UInt64: Int64] = [:]

  /// - Parameter epoch: of the log that is judged.
  init(_ messages: [UplinkJudge.Message], epoch: String) {
    var seen: Set<String> = []
    for message in messages {
      for record in message.records {
        guard let seq = (record["seq"] as? NSNumber)?.uint64Value else { continue }
        func time(_ key: String) -> Int64? { (record[key] as? NSNumber)?.int64Value }
        if message.epoch == epoch { times[seq] = time("t") }
        // What came twice is one record no less.
        guard record["kind"] as? String == "gap", record["epoch"] as? String == epoch, let from = time("from"),
          let to = time("to"), seen.insert("\(message.epoch) \(seq)").inserted
        else { continue }
        gaps.append(Gap(from: from, to: to, cause: record["cause"] as? String ?? ""))
      }
    }
    gaps.sort()
  }

  /// What is wrong: a start behind a crash has exactly one gap, from the last record that was committed before it to
  /// itself. Nothing was lost while the agent ran, so there is no other gap; and nothing that came later lies in one.
  func faults(_ starts: [Start]) -> [String] {
    var faults: [String] = []
    var left = gaps
    for start in starts where start.committed > 0 {
      guard let from = times[start.committed] else {
        faults.append("boot \(start.boot): record \(start.committed) before it did not come")
        continue
      }
      let wanted = Gap(from: from, to: max(from, start.at), cause: "crash")
      if let index = left.firstIndex(of: wanted) {
        left.remove(at: index)
      } else {
        faults.append("boot \(start.boot): no gap \(wanted)")
      }
      if let next = times[start.committed + 1], next < wanted.to {
        faults.append("boot \(start.boot): record \(start.committed + 1) of \(next) lies in the gap \(wanted)")
      }
    }
    return faults + left.map { "a gap too many: \($0)" }
  }

  /// Stretches between two neighbouring times in which more than `longest` ms in one piece are not announced.
  func silences(between times: [Int64], longest: Int64) -> [ClosedRange<Int64>] {
    zip(times, times.dropFirst()).filter { $1 - $0 > longest && silence($0, $1) > longest }.map { $0...$1 }
  }

  private func silence(_ a: Int64, _ b: Int64) -> Int64 {
    var reached = a
    var longest: Int64 = 0
    for gap in gaps.sorted(by: { $0.from < $1.from }) where gap.to > reached && gap.from < b {
      longest = max(longest, gap.from - reached)
      reached = max(reached, gap.to)
    }
    return max(longest, b - reached)
  }
}
