import EnergyModel

/// Keeps the export of each phase below the fuse at the connection: a fuse does not ask which way the current flows. Class: site
/// protection.
///
///     spare = (0.95 · rating − export of the worst phase) · 230 V · phases
///     battery ≤ max(0, battery now + its share of spare)       first no battery discharges into the grid
///     Σ ac ≤ Σ ac now + spare                                  then strings are curtailed
///
/// The bounds are there above 95 % of the rating and go when less than 85 % were exported for a minute. What batteries should stop
/// and did not within three seconds is curtailed as well. Both fall at once; curtailed strings rise after a minute. Where all
/// inverters are small enough for one phase, an ampere less is a matter of that phase alone.
///
/// Where the currents are unknown, the house is taken to consume nothing: `Σ ac ≤ 0.95 · rating`. Nothing of this lasts while the
/// agent is away. Where inverters can exceed the fuse, that is told, unless one of them keeps a feed-in cap below it.
struct FuseExportRule: Rule {
  /// What is measured tells it anew.
  struct Memory: FleetingMemory {
    var isBound = false
    var calmSince: MonotonicInstant?
    var overloadedSince: MonotonicInstant?
    /// Of what hybrids feed in together, W.
    var production = SlowRise()
  }

  private static let bindAbove = 0.95
  private static let releaseBelow = 0.85
  private static let calm: Duration = .seconds(60)
  private static let batteryEffect: Duration = .seconds(3)

  let hybrids: [SiteParameters.Hybrid]
  let fuse: SiteParameters.Fuse
  /// No inverter keeps it itself.
  private let isNotStored: Bool
  /// What inverters give together for an ampere on the worst phase, W.
  private let watts: Double
  let name = "fuse export"
  let subject = ""
  var precedence: RuleClass { .siteProtection }

  init(site: SiteParameters, fuse: SiteParameters.Fuse) {
    hybrids = site.hybrids
    self.fuse = fuse
    let capacity = fuse.rating.value * FuseRule.nominalVoltage * Double(fuse.phases)
    let whole = site.hybrids.reduce(0) { $0 + $1.acLimit.value }
    let isCapped = site.feedIn.map { $0.storedIn != nil && $0.limit.value <= capacity } ?? false
    isNotStored = whole > capacity && !isCapped
    let isSmall = site.hybrids.allSatisfy { $0.acLimit.value <= SiteParameters.Charger.largestUnbalance }
    watts = FuseRule.nominalVoltage * (isSmall ? 1 : Double(fuse.phases))
  }

  func evaluate(_ input: RuleInput, _ memory: inout Memory) -> Contribution {
    guard !input.view.isIslanded else {
      memory = Memory()
      return Contribution()
    }
    var contribution: Contribution
    if let exports = exports(input.view.grid), let worst = exports.max(), let phase = exports.firstIndex(of: worst) {
      contribution = keep(worst, phase + 1, input.view, &memory)
    } else {
      memory = Memory()
      let reason: Reason = "the currents at the fuse are unknown"
      contribution = Contribution(limits: curtail(most, nil, "fuse unknown", reason))
      contribution.isBlind = !contribution.limits.isEmpty
    }
    if isNotStored {
      let text: Reason =
        "inverters can feed in more than the fuse of \(amperes: fuse.rating.value): nothing holds them while the agent is away"
      contribution.alarms.append(.init(name: "fuse-export-not-stored", severity: .warning, device: nil, text: text))
    }
    return contribution
  }

  /// A.
  private var target: Double { Self.bindAbove * fuse.rating.value }
  /// What the house may feed in at most while it consumes nothing, W.
  private var most: Double { target * FuseRule.nominalVoltage * Double(fuse.phases) }

  /// Of each phase, A, export +. Where a phase's direction is not told, it is that of the whole.
  private func exports(_ grid: SiteView.Grid?) -> [Double]? {
    guard let grid, !grid.currents.isEmpty else { return nil }
    let currents = grid.currents.compactMap { $0 }
    guard currents.count == grid.currents.count else { return nil }
    let isExporting = grid.isUndirected && grid.power ?? -1 < 0
    return currents.map { isExporting ? $0.magnitude : -$0 }
  }

  private func keep(_ worst: Double, _ phase: Int, _ view: SiteView, _ memory: inout Memory) -> Contribution {
    let now = view.now.monotonic
    let rating = fuse.rating.value
    if worst > target { memory.isBound = true }
    if worst < Self.releaseBelow * rating {
      let since = memory.calmSince ?? now
      memory.calmSince = since
      if now - since >= Self.calm { memory.isBound = false }
    } else {
      memory.calmSince = nil
    }
    guard memory.isBound else {
      memory = Memory()
      return Contribution()
    }
    memory.overloadedSince = worst > target ? memory.overloadedSince ?? now : nil
    let isLate = memory.overloadedSince.map { now - $0 >= Self.batteryEffect } ?? false
    let relation = worst > rating ? "above" : "near"
    let reason: Reason = "the export of \(amperes: worst) on L\(phase) is \(relation) the fuse of \(amperes: rating)"
    let spare = (target - worst) * watts
    let given = hybrids.map { hybrid in max(0, view.hybrid(hybrid.device)?.batteryPower ?? 0) }
    var contribution = Contribution(limits: batteries(spare, given, view, reason))
    let stops = isLate || spare >= 0 ? 0 : min(-spare, stoppable(given))
    let powers = hybrids.compactMap { view.hybrid($0.device)?.acPower }
    if powers.count == hybrids.count {
      let allowed = memory.production.follow(max(0, powers.reduce(0, +) + spare + stops), at: now)
      contribution.limits += curtail(allowed, powers, "export near the fuse", reason)
    } else {
      contribution.limits += curtail(most, nil, "export near the fuse", reason)
    }
    if worst > rating {
      let text: Reason = "L\(phase) exports \(amperes: worst), the fuse is rated \(amperes: rating)"
      contribution.alarms = [.init(name: "fuse-overload-export", severity: .alarm, device: nil, text: text)]
    }
    return contribution
  }

  /// Of what batteries give, what those give that can be told, W.
  private func stoppable(_ given: [Double]) -> Double {
    zip(hybrids, given).reduce(0) { $0 + ($1.0.batteryReversion == nil ? 0 : $1.1) }
  }

  /// What is too much is taken from each by what it gives; what is left is shared by what inverters pass.
  private func batteries(_ spare: Double, _ given: [Double], _ view: SiteView, _ reason: Reason) -> [Limit] {
    let whole = hybrids.reduce(0) { $0 + ($1.battery == nil ? 0 : $1.acLimit.value) }
    let sum = given.reduce(0, +)
    return zip(hybrids, given).compactMap { hybrid, power in
      guard let battery = hybrid.battery, whole > 0 else { return nil }
      let share = spare < 0 ? (sum > 0 ? power / sum : 0) : hybrid.acLimit.value / whole
      let upper = max(0, power + spare * share)
      guard upper < battery.maximumDischarge.value else { return nil }
      return Limit(
        quantity: .battery(hybrid.device), interval: .atMost(upper), cause: "export near the fuse", reason: reason)
    }
  }

  private func curtail(_ allowed: Double, _ powers: [Double]?, _ cause: String, _ reason: Reason) -> [Limit] {
    let ratings = hybrids.map(\.acLimit.value)
    let shares =
      powers.map { FeedInRule.shares(allowed, $0, ratings) } ?? Headroom.fill(allowed, most: ratings, by: ratings)
    return zip(hybrids, shares).compactMap { hybrid, share in
      guard share < hybrid.acLimit.value else { return nil }
      return Limit(quantity: .production(hybrid.device), interval: .atMost(share), cause: cause, reason: reason)
    }
  }
}
