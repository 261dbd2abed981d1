import EnergyModel

/// Keeps the export below a cap by bounding what hybrids feed into the busbar. The inverter
/// charges its battery with what it may not feed in before it curtails its strings.
///
/// `Σ ac ≤ Σ ac + grid + cap − 1 %`, of readings taken together where there are such, shared by what each
/// feeds in and what it could in addition; what one of them takes, the others may feed in besides. The bound is there while production comes near
/// it, falls at once, rises by half of what is missing (batteries answer to the same meter, and both at once would swing), and goes
/// when it was far away for a minute. Where a reading is missing, the house is
/// taken to consume nothing: `Σ ac ≤ cap`. So it is where they contradict each other, a house that would feed by itself,
/// `grid + Σ ac + generator < −(1 kW + 10 %)` at one moment, as with an inverter that tells its power with the wrong sign: followed, the
/// bound would swing with what it does itself. They are believed again when they have not done so for ten minutes.
///
/// There is one rule for each class that has a cap, and of all their bounds the least holds:
/// - site protection: the feed-in cap of the configuration. A lease can only tighten: its end opens it again, so the
///   permanent cap belongs into an inverter (`stored in`); where none keeps it, that is told.
/// - legal limit and contract: what channels allow, `cap = min(export_power, export_percent / 100 · Σ peak)`.
struct FeedInRule: Rule {
  /// The bound comes back by itself while production is near it.
  struct Memory: FleetingMemory {
    var isBound = false
    var calmSince: MonotonicInstant?
    /// When readings last contradicted each other.
    var contradicted: MonotonicInstant?
    /// What was allowed last while it is bound, W.
    var allowed: Double?
  }

  /// Of the inverters that it bounds, below the cap.
  private static let margin = 0.01
  private static let bindWithin = 0.15
  /// Of what is missing, with each evaluation.
  private static let rise = 0.5
  private static let releaseBeyond = 0.30
  private static let calm: Duration = .seconds(60)
  private static let doubt: Duration = .seconds(600)

  private enum Source: Hashable {
    case configured(SiteParameters.FeedInCap, Reason)
    case channels(SiteParameters.Channel.Class)
  }
  /// A cap as it is in this cycle, W.
  private struct Cap {
    var limit: Double
    var cause = "feed-in cap"
    var reason: Reason
  }

  private let source: Source
  let hybrids: [SiteParameters.Hybrid]
  /// What a house may feed by sources that nobody told of, W.
  private let untold: Double
  /// Of the inverters that it bounds, W.
  private let margin: Double
  /// Of the whole site, W.
  private let peak: Double
  let name: String
  let subject = ""
  let precedence: RuleClass

  init(site: SiteParameters, cap: SiteParameters.FeedInCap) {
    let hybrids = site.hybrids.filter { cap.storedIn == nil || $0.device == cap.storedIn }
    let reason: Reason = "no more than \(watts: cap.limit.value) may be fed into the grid"
    self.init(.configured(cap, reason), site, hybrids, name: "feed-in cap", .siteProtection)
  }

  /// What the channels of a class allow.
  init(site: SiteParameters, channels: SiteParameters.Channel.Class) {
    self.init(.channels(channels), site, site.hybrids, name: "\(channels.name) export limit", channels.precedence)
  }

  private init(
    _ source: Source, _ site: SiteParameters, _ hybrids: [SiteParameters.Hybrid], name: String, _ precedence: RuleClass
  ) {
    self.source = source
    self.hybrids = hybrids
    untold = 1000 + 0.1 * site.hybrids.reduce(0) { $0 + $1.acLimit.value }
    margin = Self.margin(hybrids)
    peak = site.installedPeak
    self.name = name
    self.precedence = precedence
  }

  /// How far below a limit of the export those inverters are bound, W.
  static func margin(_ hybrids: [SiteParameters.Hybrid]) -> Double {
    margin * hybrids.reduce(0) { $0 + $1.acLimit.value }
  }

  /// What it lets into the grid when it is bound, W; below 0 with a cap of less than the margin. Infinite where a channel
  /// has to say it first.
  var kept: Double { if case .configured(let cap, _) = source { cap.limit.value - margin } else { .infinity } }

  func evaluate(_ input: RuleInput, _ memory: inout Memory) -> Contribution {
    switch source {
    case .configured(let configured, let reason):
      var contribution = keep(Cap(limit: configured.limit.value, reason: reason), input, &memory)
      if configured.storedIn == nil {
        let text: Reason =
          """
          no inverter keeps the feed-in cap of \(watts: configured.limit.value) itself: nothing holds it while the agent is \
          away
          """
        contribution.alarms = [.init(name: "feed-in-not-stored", severity: .warning, device: nil, text: text)]
      }
      return contribution
    case .channels(let channels):
      guard let (power, limit) = input.channels.strictestExport(peak: peak, channels) else {
        memory = Memory()
        return Contribution()
      }
      return keep(Cap(limit: power, cause: limit.cause, reason: limit.reason(input)), input, &memory)
    }
  }

  private func keep(_ cap: Cap, _ input: RuleInput, _ memory: inout Memory) -> Contribution {
    var contribution = Contribution()
    guard !input.view.isIslanded else {
      memory = Memory()
      return contribution
    }
    let whole = hybrids.reduce(0) { $0 + $1.acLimit.value }
    let powers = hybrids.compactMap { input.view.hybrid($0.device)?.acPower }
    guard let grid = input.view.grid?.power, powers.count == hybrids.count, agree(input.view, &memory) else {
      memory = Memory(contradicted: memory.contradicted)
      let reason: Reason = "what is fed in is unknown"
      contribution.limits = limits(cap.limit, nil, "fed-in power unknown", reason, .always)
      // A cap that the inverters cannot exceed needs no measurement.
      contribution.isBlind = !contribution.limits.isEmpty
      return contribution
    }
    let sum = powers.reduce(0, +)
    let found = max(0, (input.view.netLoad(besides: hybrids) ?? sum + grid) + cap.limit - margin)
    let allowed = memory.allowed.map { found > $0 ? $0 + Self.rise * (found - $0) : found } ?? found
    follow(spare: (allowed - sum) / max(1, whole), input.now.monotonic, &memory)
    memory.allowed = memory.isBound ? allowed : nil
    if memory.isBound {
      contribution.limits = limits(allowed, powers, cap.cause, cap.reason, .whenItCuts)
    }
    return contribution
  }

  /// Whether what the connection and the sources tell has long been possible together.
  private func agree(_ view: SiteView, _ memory: inout Memory) -> Bool {
    let now = view.now.monotonic
    if let sum = view.sumOfPowers, sum < -untold { memory.contradicted = now }
    return memory.contradicted.map { now - $0 >= Self.doubt } ?? true
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
    _ allowed: Double, _ powers: [Double]?, _ cause: String, _ reason: Reason, _ mention: Limit.Mention
  ) -> [Limit] {
    let ratings = hybrids.map(\.acLimit.value)
    let shares = powers.map { Self.shares(allowed, $0, ratings) } ?? Headroom.fill(allowed, most: ratings, by: ratings)
    return zip(hybrids, shares).compactMap { hybrid, share in
      guard share < hybrid.acLimit.value else { return nil }
      return Limit(
        quantity: .production(hybrid.device), interval: .atMost(share), cause: cause, reason: reason,
        mention: mention)
    }
  }

  /// An inverter whose strings lie in the shade needs no part of the cap: less than is fed in now is taken from all in proportion
  /// to what they feed in, more is given in proportion to what they could in addition. One that takes (a battery that is charged
  /// from the grid) leaves the others that much more: as a bound on its production it would be lost.
  /// - Parameter allowed: of all of them together, what is taken counted negative, W.
  static func shares(_ allowed: Double, _ powers: [Double], _ ratings: [Double]) -> [Double] {
    let fed = zip(powers, ratings).map { min(max(0, $0), $1) }
    let sum = fed.reduce(0, +)
    let allowed = allowed + powers.reduce(0) { $0 + max(0, -$1) }
    guard allowed > sum else { return Headroom.fill(allowed, most: ratings, by: fed) }
    let more = Headroom.fill(allowed - sum, most: zip(ratings, fed).map(-), by: zip(ratings, fed).map(-))
    return zip(fed, more).map(+)
  }
}
