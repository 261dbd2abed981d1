/// A closed interval, never empty.
struct Interval: Hashable, Sendable {
  private(set) var lower: Double
  private(set) var upper: Double

  /// Traps when `lower` is above `upper` or not a number: that is an error of the rule.
  init(_ lower: Double, _ upper: Double) {
    precondition(lower <= upper, "an interval from \(lower) to \(upper)")
    self.lower = lower
    self.upper = upper
  }

  static func atMost(_ upper: Double) -> Interval { Interval(-.infinity, upper) }
  static func atLeast(_ lower: Double) -> Interval { Interval(lower, .infinity) }

  func clamp(_ value: Double) -> Double { min(max(value, lower), upper) }

  /// What both allow; nil where they have nothing in common.
  func intersection(_ other: Interval) -> Interval? {
    let low = max(lower, other.lower)
    let high = min(upper, other.upper)
    return low <= high ? Interval(low, high) : nil
  }

  /// The value in here that comes closest to what `other` asks.
  func nearest(to other: Interval) -> Double { clamp(other.lower > upper ? other.lower : other.upper) }
}
