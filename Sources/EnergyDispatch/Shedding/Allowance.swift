import EnergyModel

/// What may be taken, held so that it falls at once and rises only after a stable minute: to the least of that minute, in steps,
/// one each ten seconds. Neither noise of a meter nor a kettle makes it flap. What is below zero is what batteries have to give: they
/// need not any more after ten seconds, which is longer than a meter is late.
struct Allowance: Hashable, Sendable {
  private static let stable: Duration = .seconds(60)
  private static let every: Duration = .seconds(10)
  private static let sparing: Duration = .seconds(10)

  private(set) var value: Double
  /// Since when more would do, and the least of it.
  private var moreSince: MonotonicInstant?
  private var moreAtLeast = 0.0
  private var raised: MonotonicInstant?

  init(_ value: Double) { self.value = value }

  /// - Parameters:
  ///   - room: what there is, judged strictly: it is never exceeded.
  ///   - relaxed: the same as far as it may be relied on for rising.
  ///   - step: of one rise.
  mutating func follow(_ room: Double, relaxed: Double, step: Double, mayRise: Bool, _ now: MonotonicInstant) {
    let more = min(room, relaxed)
    // Less than a tenth of a step is not worth moving for.
    guard room >= value, mayRise, more > value + step / 10 else {
      value = min(value, room)
      moreSince = nil
      return
    }
    moreAtLeast = moreSince == nil ? more : min(moreAtLeast, more)
    let since = moreSince ?? now
    moreSince = since
    if now - since >= Self.sparing { value = max(value, min(0, moreAtLeast)) }
    guard now - since >= Self.stable else { return }
    raise(to: moreAtLeast, step: step, now)
    if value >= moreAtLeast { moreSince = nil }
  }

  /// What batteries need not give any more is no power that somebody takes: it counts for no step.
  mutating func raise(to most: Double, step: Double, _ now: MonotonicInstant) {
    if let raised, now - raised < Self.every { return }
    guard most > value else { return }
    raised = now
    value = min(most, max(0, value) + step)
  }

  mutating func lower(to most: Double) { value = min(value, most) }
}

/// The most of the last seconds: what a meter that is late may still show.
struct RecentPeak: Hashable, Sendable {
  /// No meter is later than this, or it counts as unknown.
  private static let late: Duration = .seconds(5)

  private var value = -Double.infinity
  private var at: MonotonicInstant?

  mutating func follow(_ current: Double, _ now: MonotonicInstant) -> Double {
    if let at, value > current, now - at < Self.late { return value }
    value = current
    at = now
    return current
  }
}
