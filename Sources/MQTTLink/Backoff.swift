import EnergyModel

/// How long to wait before the next attempt: full jitter between a floor and a ceiling that doubles with
/// each failure, so that a whole fleet does not come back in the same second after an outage.
struct Backoff: Sendable {
  static let floor = 1.0
  static let cap = 60.0

  private var failures = 0
  private var random: SplitMix

  init(seed: UInt64) { random = SplitMix(state: seed) }

  /// Between 1 s and min(60 s, 2^failures s), uniformly.
  mutating func next() -> Duration {
    failures = min(failures + 1, 6)
    let ceiling = min(Self.cap, Double(1 << failures))
    return .seconds(Double.random(in: Self.floor...ceiling, using: &random))
  }

  mutating func reset() { failures = 0 }
}

/// The splitmix64 generator (Steele, Lea, Flood 2014): repeatable from a seed, good enough for jitter.
struct SplitMix: RandomNumberGenerator, Sendable {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}
