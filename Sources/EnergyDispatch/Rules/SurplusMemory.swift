import EnergyModel

/// What surplus charging remembers. All of it comes back by itself: nothing is kept over a restart.
struct SurplusMemory: FleetingMemory {
  struct Car: Hashable, Sendable {
    /// W; 0 is paused.
    var wish = 0.0
    /// When the wish was last changed.
    var changed: MonotonicInstant?
    /// Since when there has been enough to begin, or too little to go on.
    var otherSince: MonotonicInstant?
    var isKnown = false
  }

  /// In the order of the rule's chargers.
  var cars: [Car] = []
  /// Smoothed, W.
  var surplus: Double?
  /// When the readings behind it were taken.
  var taken: MonotonicInstant?
  var blindSince: MonotonicInstant?
}
