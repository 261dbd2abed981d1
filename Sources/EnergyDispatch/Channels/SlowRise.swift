import EnergyModel

/// What may be used of something that comes and goes: it falls at once, and rises only to the least that was there
/// throughout a minute, so that clouds and kettles move nothing up and down.
struct SlowRise: Hashable, Sendable {
  private static let patience: Duration = .seconds(60)

  private var held: Double?
  /// Since when there is more, and the least of it.
  private var since: MonotonicInstant?
  private var least = 0.0

  init() {}

  mutating func follow(_ value: Double, at now: MonotonicInstant) -> Double {
    guard let before = held, value > before else {
      held = value
      since = nil
      return value
    }
    guard let began = since else {
      since = now
      least = value
      return before
    }
    least = min(least, value)
    guard now - began >= Self.patience else { return before }
    held = least
    since = nil
    return least
  }
}
