import EnergyModel

/// When to commit: at the interval, sooner for something urgent, and never so often that the flash
/// suffers. A bucket of tokens, one a commit, keeps the average over any ten minutes at or below
/// 0.5 syncs a second: 30 + 600 s × 0.43 = 288 commits leave a dozen syncs for checkpoints.
///
/// A short interval must not leave the bucket empty for an alarm: its commits leave a share of the tokens alone, and
/// where that share was used up they come seldom enough for the bucket to fill again.
struct CommitPacing: Sendable {
  static let bucketSize = 30.0
  static let refillPerSecond = 0.43
  /// Tokens that are kept for what is urgent.
  static let urgentShare = 10.0
  /// How long commits at the interval wait at most for the share to be whole: longer than a token takes.
  static let patience: Duration = .seconds(4)

  private let interval: Duration
  private let urgentDelay: Duration
  private var tokens = Self.bucketSize
  private var refilled: MonotonicInstant
  private var lastCommit: MonotonicInstant
  private var urgentSince: MonotonicInstant?

  init(interval: Duration, urgentDelay: Duration, now: MonotonicInstant) {
    self.interval = interval
    self.urgentDelay = urgentDelay
    refilled = now
    lastCommit = now
  }

  /// Something came that cannot wait for the interval.
  mutating func urge(at now: MonotonicInstant) { urgentSince = urgentSince ?? now }

  /// When the next commit is due, provided that there is something to commit.
  func due(now: MonotonicInstant) -> MonotonicInstant {
    let hasToken = when(tokens: 1, now: now)
    let isAffordable = min(when(tokens: 1 + Self.urgentShare, now: now), max(hasToken, lastCommit + Self.patience))
    let due = max(lastCommit + interval, isAffordable)
    // Half of the permitted delay collects what belongs to the same incident, half is for the disk.
    return urgentSince.map { min(due, max($0 + urgentDelay / 2, hasToken)) } ?? due
  }

  /// When the bucket holds so many.
  private func when(tokens wanted: Double, now: MonotonicInstant) -> MonotonicInstant {
    let missing = wanted - tokens(at: now)
    return missing > 0 ? now + .nanoseconds(Int64(missing / Self.refillPerSecond * 1e9) + 1) : refilled
  }

  /// A commit was tried; a failed one costs the flash as much as a good one.
  mutating func committed(at now: MonotonicInstant) {
    tokens = tokens(at: now) - 1
    refilled = now
    lastCommit = now
    urgentSince = nil
  }

  /// The interval passed without anything to commit.
  mutating func idled(at now: MonotonicInstant) { lastCommit = now }

  private func tokens(at now: MonotonicInstant) -> Double {
    min(Self.bucketSize, tokens + (now - refilled).seconds * Self.refillPerSecond)
  }
}
