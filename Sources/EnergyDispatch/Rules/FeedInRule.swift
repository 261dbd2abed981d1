import EnergyModel

/// Keeps the export below the feed-in cap by bounding what hybrids feed into the busbar. The inverter
/// charges its battery with what it may not feed in before it curtails its strings.
///
/// `Σ ac ≤ Σ ac now + grid + cap − 1 %`, shared by rating. The bound is there while production comes near
/// it, and goes when it was far away for a minute. Where a reading is missing, the house is
/// taken to consume nothing: `Σ ac ≤ cap`. A lease can only tighten: its end opens it again, so the
/// permanent cap belongs into an inverter (`stored in`); where none keeps it, that is told.
struct FeedInRule: Rule {
  struct Memory: RuleMemory {
    var isBound = false
    var calmSince: MonotonicInstant?

    init() {}
    static var hasAges: Bool { false }
    static func lost(at now: MonotonicInstant) -> Memory { Memory() }
    /// The bound comes back by itself while production is near it.
    init?(saved: Substring, at now: MonotonicInstant) {}
    func saved(at now: MonotonicInstant) -> String { "" }
  }

  /// Of the inverters that it bounds, below the cap.
  private static let margin = 0.01
  private static let bindWithin = 0.15
  private static let releaseBeyond = 0.30
  private static let calm: Duration = .seconds(60)

  let cap: SiteParameters.FeedInCap
  let hybrids: [SiteParameters.Hybrid]
  let name = "feed-in cap"
  let subject = ""
  var precedence: RuleClass { .siteProtection }

  init(site: SiteParameters, cap: SiteParameters.FeedInCap) {
    self.cap = cap
    hybrids = site.hybrids.filter { cap.storedIn == nil || $0.device == cap.storedIn }
  }

  /// What it lets into the grid when it is bound, W; below 0 with a cap of less than the margin.
  var kept: Double { cap.limit.value - Self.margin * hybrids.reduce(0) { $0 + $1.acLimit.value } }

  func evaluate(_ input: RuleInput, _ memory: inout Memory) -> Contribution {
    var contribution = Contribution()
    if cap.storedIn == nil {
      let text: Reason =
        """
        no inverter keeps the feed-in cap of \(watts: cap.limit.value) itself: nothing holds it while the agent is away
        """
      contribution.alarms = [.init(name: "feed-in-not-stored", severity: .warning, device: nil, text: text)]
    }
    let whole = hybrids.reduce(0) { $0 + $1.acLimit.value }
    let powers = hybrids.compactMap { input.view.hybrid($0.device)?.acPower }
    guard let grid = input.view.grid?.power, powers.count == hybrids.count else {
      memory = Memory()
      let reason: Reason = "what is fed in is unknown"
      contribution.limits = limits(cap.limit.value, whole, "fed-in power unknown", reason, .always)
      // A cap that the inverters cannot exceed needs no measurement.
      contribution.isBlind = !contribution.limits.isEmpty
      return contribution
    }
    let sum = powers.reduce(0, +)
    let allowed = max(0, sum + grid + kept)
    follow(spare: (allowed - sum) / max(1, whole), input.now.monotonic, &memory)
    if memory.isBound {
      let reason: Reason = "no more than \(watts: cap.limit.value) may be fed into the grid"
      contribution.limits = limits(allowed, whole, "feed-in cap", reason, .whenItCuts)
    }
    return contribution
  }

  private func follow(spare: Double, _ now: MonotonicInstant, _ memory: inout Memory) {
    if spare < Self.bindWithin { memory.isBound = true }
    guard spare > Self.releaseBeyond else {
      memory.calmSince = nil
      return
    }
    let since = memory.calmSince ?? now
    memory.calmSince = since
    if now - since >= Self.calm { memory.isBound = false }
  }

  private func limits(
    _ allowed: Double, _ whole: Double, _ cause: String, _ reason: Reason, _ mention: Limit.Mention
  ) -> [Limit] {
    hybrids.compactMap { hybrid in
      let share = allowed * hybrid.acLimit.value / max(1, whole)
      guard share < hybrid.acLimit.value else { return nil }
      return Limit(
        quantity: .production(hybrid.device), interval: .atMost(share), cause: cause, reason: reason,
        mention: mention)
    }
  }
}
