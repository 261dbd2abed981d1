import EnergyModel

/// How long to wait before the next attempt: full jitter between a floor and a ceiling that doubles with
/// each failure, so that a whole fleet does not come back in the same second after an outage.
struct Backoff: Sendable {
  static let floor = 1.0
  static let cap = 60.0

  private var failures = 0
  private var random: SplitMix64

  init(seed: UInt64) { random = SplitMix64(seed: seed) }

  /// Between 1 s and min(60 s − `spent`, 2^failures s), uniformly; the upper end is never below 2 s.
  /// - Parameter spent: how long ago the broker can have come back unnoticed, because an attempt or a silence
  ///   went on for so long. It counts, so that from there to the next attempt it is never more than 60 s.
  mutating func next(spent: Duration = .zero) -> Duration {
    failures = min(failures + 1, 6)
    let ceiling = min(Self.cap - spent.seconds, Double(1 << failures))
    return .seconds(Double.random(in: Self.floor...max(2 * Self.floor, ceiling), using: &random))
  }

  /// Between 1 s and 2 s, for the second half of an attempt; it raises nothing.
  mutating func brief() -> Duration {
    .seconds(Double.random(in: Self.floor...2 * Self.floor, using: &random))
  }

  mutating func reset() { failures = 0 }
}
