import EnergyModel

/// A delay that differs from site to site and is the same each time, so that many that were limited together do not come back
/// together.
struct SpreadOffset: Sendable {
  let seed: UInt64

  /// Evenly within the span, in whole seconds.
  func offset(within span: Duration) -> Duration {
    let seconds = span.nanoseconds / 1_000_000_000
    guard seconds > 0 else { return .zero }
    var generator = SplitMix64(seed: seed)
    return .seconds(Int64(generator.next() % UInt64(seconds + 1)))
  }
}
