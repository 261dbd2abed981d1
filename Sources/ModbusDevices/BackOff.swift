import EnergyModel

/// How long to leave a silent peer alone: 1 s after the first failure, doubling to 30 s.
struct BackOff: Hashable, Sendable {
  static let first = Duration.seconds(1)
  static let longest = Duration.seconds(30)

  private(set) var failures = 0
  /// Nothing is tried before; nil while the peer answers.
  private(set) var until: MonotonicInstant?

  /// - Parameter jitter: 0..<1, a fresh random number, so that the boxes of a fleet do not probe in step.
  ///   The delay lies within 10 % of its nominal length.
  mutating func failed(at now: MonotonicInstant, jitter: Double) {
    let nominal = failures >= 5 ? Self.longest : min(Self.first * (1 << failures), Self.longest)
    failures += 1
    until = now + nominal * (0.9 + 0.2 * jitter)
  }

  mutating func reset() { self = BackOff() }

  func isWaiting(at now: MonotonicInstant) -> Bool { until.map { now < $0 } ?? false }
}
