import EnergyModel

/// Whether what comes back may pick up twice as much, because the site was without grid while something was off: what stood
/// still together starts together. An hour after the grid is back it has spread again, and what would not fit twice is not
/// left off for ever.
struct ColdPickUp: Hashable, Sendable {
  private static let lasts: Duration = .seconds(3600)

  private(set) var isCold: Bool
  /// Since when the grid has been there; begins anew after a restart, because nobody knows how long that took.
  private var gridSince: MonotonicInstant?

  init(isCold: Bool) { self.isCold = isCold }

  /// Of the pick-up.
  var factor: Double { isCold ? 2 : 1 }

  mutating func look(isIslanded: Bool, isAnythingOff: Bool, at now: MonotonicInstant) {
    if isIslanded {
      self = ColdPickUp(isCold: true)
    } else if isCold {
      let since = gridSince ?? now
      gridSince = since
      isCold = isAnythingOff && now - since < Self.lasts
    }
  }
}
