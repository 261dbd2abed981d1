import EnergyModel

/// Lets a warning through at most once in a while.
struct WarningPace: Sendable {
  private let pause: Duration
  private var told: MonotonicInstant?

  init(_ pause: Duration) { self.pause = pause }

  mutating func mayTell(at now: MonotonicInstant) -> Bool {
    if let told, now - told < pause { return false }
    told = now
    return true
  }
}
