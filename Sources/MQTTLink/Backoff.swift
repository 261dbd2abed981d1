import EnergyModel

/// How long to wait before the next attempt: full jitter between a floor and a ceiling that doubles with
/// each failure, so that a whole fleet does not come back in the same second after an outage.
struct Backoff: Sendable {
  static let floor = 1.0
  static let cap = 60.0

  private var failures = 0
  private var random: SplitMix64

  init(seed: UInt64) { random = SplitMix64(seed: seed) }

  /// Between 1 s and min(60 s, 2^failures s), uniformly.
  mutating func next() -> Duration {
    failures = min(failures + 1, 6)
    let ceiling = min(Self.cap, Double(1 << failures))
    return .seconds(Double.random(in: Self.floor...ceiling, using: &random))
  }

  mutating func reset() { failures = 0 }
}
