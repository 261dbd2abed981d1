import EnergyModel

/// How often registers backed by flash may still be written: `n` a day, which come back evenly over it. Lost memory counts
/// as one write left.
///
/// What tightens a limit is written all the same when nothing is left: wear is the lesser harm. What loosens waits.
struct WriteBudget: Hashable, Sendable {
  private static let day = 86_400.0

  private let aDay: Double
  private var left: Double
  private var since: MonotonicInstant

  init(aDay: Int, saved: Substring?, at now: MonotonicInstant) {
    self.aDay = Double(aDay)
    let kept = saved.flatMap { Double($0) }.flatMap { $0.isFinite ? $0 : nil } ?? 1
    left = min(max(kept, -self.aDay), self.aDay)
    since = now
  }

  func hasLeft(at now: MonotonicInstant) -> Bool { available(at: now) >= 1 }

  mutating func spend(at now: MonotonicInstant) {
    left = max(-aDay, available(at: now) - 1)
    since = now
  }

  /// As of the last write; what came back since then is left out, as after a restart nobody knows the time in between.
  var saved: String { JSONText.decimal(left, 2) }

  private func available(at now: MonotonicInstant) -> Double {
    min(aDay, left + (now - since).seconds * aDay / Self.day)
  }
}
