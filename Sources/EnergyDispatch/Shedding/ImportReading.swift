import EnergyModel

/// What the site would import if chargers paused and batteries rested.
///
///     rest = grid − Σ chargers + Σ what batteries give to the busbar
///
/// A meter that is some seconds late still shows what has been controlled away since. So two values are kept apart: for
/// restricting, the most that was controlled within the last five seconds is subtracted, so that nobody restricts twice; for
/// relaxing, what is controlled now. Where the meter is silent, the worst is assumed: the base load and everything
/// that may be on.
struct ImportReading: Sendable {
  /// W, import +, for restricting.
  var rest: Double
  /// The same for relaxing; never below ``rest``.
  var restNow: Double
  /// Of the site, W; nil where unknown.
  var grid: Double?
  /// What chargers and charging batteries take now, W; negative where batteries give.
  var controlled: Double
  /// A charger's power is not told: it counts to the rest, and nothing is relaxed.
  var isPartial: Bool

  init(_ site: borrowing SiteParameters, _ view: borrowing SiteView, _ memory: inout ReliefMemory) {
    var controlled = 0.0
    isPartial = false
    for charger in site.chargers where charger.reversion != nil {
      let power = view.charger(charger.device)?.power
      controlled += power ?? 0
      if power == nil { isPartial = true }
    }
    for hybrid in site.hybrids where hybrid.battery != nil && hybrid.batteryReversion != nil {
      controlled -= Self.given(hybrid, view.hybrid(hybrid.device))
    }
    self.controlled = controlled
    guard let grid = view.grid?.power else {
      rest = Self.worst(site, view)
      restNow = rest
      memory.controlled = RecentPeak()
      return
    }
    rest = grid - memory.controlled.follow(controlled, view.now.monotonic)
    self.grid = grid
    restNow = grid - controlled
  }

  /// What a battery adds to what its hybrid would feed in without it, W. Strings alone never exceed the AC rating.
  static func given(_ hybrid: SiteParameters.Hybrid, _ seen: SiteView.Hybrid?) -> Double {
    guard let seen, let battery = seen.batteryPower, let ac = seen.acPower else { return 0 }
    return ac - min(hybrid.acLimit.value, ac - battery)
  }

  /// Everything that may be on, W, less what is known to be produced, where that counts.
  static func worst(_ site: SiteParameters, _ view: SiteView, producing: Bool = true) -> Double {
    var sum = site.baseLoad.value
    for load in site.loads where view.relay(load.device)?.isOn != false { sum += load.rated.value }
    for pump in site.heatPumps where view.heatPump(pump.device)?.state != 1 { sum += pump.rated.value }
    for charger in site.chargers where charger.reversion == nil || view.charger(charger.device)?.isHeard != true {
      sum += charger.maximumPower
    }
    for hybrid in site.hybrids where producing {
      guard let seen = view.hybrid(hybrid.device), let ac = seen.acPower else { continue }
      sum -= ac - given(hybrid, seen)
    }
    return sum
  }
}
