/// The timer of a SunSpec setting: each write begins it anew, and when it runs out the setting is released.
public struct ReversionTimer: Hashable, Sendable {
  /// As written, s; 0 is no reversion.
  public var seconds: UInt16 = 0
  /// Until the setting is released, s; nil while nothing runs.
  public private(set) var remaining: Double?

  /// Begins anew with the present number of seconds.
  public mutating func restart() { remaining = seconds == 0 ? nil : Double(seconds) }

  /// True once, when it has run out.
  mutating func runsOut(after elapsed: Double) -> Bool {
    guard let left = remaining else { return false }
    // Steps of 0.1 s do not add up to whole seconds exactly.
    if left - elapsed > 1e-6 {
      remaining = left - elapsed
      return false
    }
    remaining = nil
    return true
  }
}
