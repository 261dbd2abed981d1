import EnergyModel

/// A mean weighted by time that knows how much of its interval it saw. Time is the monotonic clock's.
struct CoveredMean: Hashable, Sendable {
  private var energy = 0.0
  private var covered: Duration = .zero

  mutating func add(_ power: Watts, for span: Duration) {
    energy += power.value * span.seconds
    covered += span
  }

  /// The mean, when at least 80 % of `length` was seen.
  func value(over length: Duration) -> Watts? {
    guard covered.seconds >= 0.8 * length.seconds else { return nil }
    return Watts(energy / covered.seconds)
  }
}
