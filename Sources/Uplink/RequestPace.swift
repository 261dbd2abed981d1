import EnergyModel

/// How often a receiver may ask for a replay: each is work for the journal, and what is no longer held is announced
/// anew in the event log. Eight at once, then one in eight seconds.
struct RequestPace: Sendable {
  static let most = 8.0
  static let refillPerSecond = 0.125

  private var tokens = Self.most
  private var looked: MonotonicInstant?

  mutating func mayGo(at now: MonotonicInstant) -> Bool {
    let gone = looked.map { (now - $0).seconds } ?? 0
    looked = now
    tokens = min(Self.most, tokens + gone * Self.refillPerSecond)
    guard tokens >= 1 else { return false }
    tokens -= 1
    return true
  }
}
