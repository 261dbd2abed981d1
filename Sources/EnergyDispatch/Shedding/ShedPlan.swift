public import EnergyModel

/// What a limit of the import would cost, before it is needed: who is held down in which order, how much energy that
/// is, and who notices. It lets the agent's own ``ImportRelief`` act on a site that does what it is told, until nothing changes
/// any more.
///
/// Loads count with their ratings, as nobody measures them; chargers, heat pumps and batteries with what they take now. A heat
/// pump that may not be blocked for the whole duration runs again then, and others make room for it.
public struct ShedPlan: Hashable, Sendable {
  public struct Step: Hashable, Sendable {
    public enum Kind: String, Hashable, Sendable {
      case gridCharging = "stop-grid-charging"
      case throttle
      case pause
      case endBoost = "end-boost"
      case discharge
      case shed
      case block
    }

    public var kind: Kind
    public var device: DeviceID
    /// By which the import falls, W ≥ 0; nil where nobody knows.
    public var relief: Double?
    /// What it may still take, or what a battery gives, W.
    public var left: Double?
    /// Not supplied, or given by a battery, over the whole duration, Wh.
    public var energy: Double?
    /// Who notices; nil where nobody does.
    public var notices: String?
    /// How long a heat pump is blocked, where it may not be for the whole duration.
    public var lasts: Duration?
  }

  /// W.
  public let limit: Double
  public let duration: Duration
  /// Import of the site, W.
  public private(set) var before = 0.0
  public private(set) var after = 0.0
  /// The meter is silent: the worst is assumed.
  public private(set) var isAssumed = false
  /// In the order in which they are taken.
  public private(set) var steps: [Step] = []

  private static let meterError = 1.0
  private static let rounds = 60
  /// Longer than what falls at once takes to rise again.
  private static let calmRounds = 8

  /// - Parameters:
  ///   - reaction: how long the limit may be exceeded; zero is at once.
  ///   - savedMemory: the agent's, which knows whose turn it is among equals and what was switched lately.
  public init(
    _ site: SiteParameters, _ snapshot: SiteSnapshot, limit: Double, duration: Duration, reaction: Duration = .zero,
    savedMemory: [UInt8]? = nil
  ) {
    self.limit = limit
    self.duration = duration
    var house = PlannedSite(site, SiteView(snapshot, site))
    before = house.imported
    isAssumed = house.view.grid?.power == nil
    let first = house.view
    let saved = savedMemory.map { SavedMemory($0) } ?? SavedMemory()
    var switches = SwitchHistory(site.loads, saved: saved, at: snapshot.now.monotonic)
    if savedMemory == nil { switches.forgetTimes(at: snapshot.now.monotonic) }
    switches.observe(first)
    var consumers = ConsumerHistory(site, saved: saved, at: snapshot.now)
    consumers.observe(first)
    let relief = ImportRelief(site: site)
    let goal = ImportRelief.Goal(
      limit: limit, lasts: duration, reaction: reaction, cause: "plan", reason: "it is planned")
    var memory = ReliefMemory()
    func settle() {
      var unchanged = 0
      for _ in 0..<Self.rounds where unchanged < Self.calmRounds {
        let input = RuleInput(
          view: house.view, forecast: nil, orders: StandingOrders(), switches: switches, consumers: consumers,
          zone: .utc)
        unchanged = house.apply(relief.limits(goal, input, &memory)) ? 0 : unchanged + 1
        house.view.now.monotonic = house.view.now.monotonic + max(.seconds(10), reaction)
      }
    }
    let shortest = consumers.heatPumps.filter { $0.longestLeft < duration }
    shortest.filter { $0.longestLeft == .zero }.forEach { house.letRun($0.pump.device) }
    settle()
    after = house.imported
    let early = memory.shed.shed
    let ended = shortest.filter { house.view.heatPump($0.pump.device)?.state == 1 }
    if !ended.isEmpty {
      ended.forEach { house.letRun($0.pump.device) }
      settle()
      after = max(after, house.imported)
    }
    let begins = ended.map(\.longestLeft).min() ?? .zero
    steps = Self.steps(site, from: first, to: house.view, shed: memory.shed.shed, hours: duration.seconds / 3600) {
      device in
      if let block = shortest.first(where: { $0.pump.device == device }) { return block.longestLeft }
      return early.contains(device) ? duration : duration - begins
    }
  }

  public var isMet: Bool { after <= limit + Self.meterError }
  /// To chargers, loads and heat pumps, Wh.
  public var notSupplied: Double {
    steps.reduce(0) { $0 + ($1.kind == .discharge || $1.kind == .gridCharging ? 0 : $1.energy ?? 0) }
  }

  /// The same for harder and harder limits: nine tenths of the present import, three quarters, half, a quarter, and nothing.
  public static func severities(
    _ site: SiteParameters, _ snapshot: SiteSnapshot, duration: Duration, reaction: Duration = .zero,
    savedMemory: [UInt8]? = nil
  ) -> [ShedPlan] {
    let before = max(0, PlannedSite(site, SiteView(snapshot, site)).imported)
    let limits = [0.9, 0.75, 0.5, 0.25, 0].map { (before * $0 / 100).rounded(.down) * 100 }
    return limits.indices.filter { $0 == 0 || limits[$0] < limits[$0 - 1] }.map {
      ShedPlan(
        site, snapshot, limit: limits[$0], duration: duration, reaction: reaction, savedMemory: savedMemory)
    }
  }

  // MARK: steps

  private static func steps(
    _ site: SiteParameters, from first: SiteView, to last: SiteView, shed: [DeviceID], hours: Double,
    lasts: (DeviceID) -> Duration
  ) -> [Step] {
    var charging: [Step] = []
    var giving: [Step] = []
    for (before, after) in zip(first.hybrids, last.hybrids) {
      guard let old = before.batteryPower, let new = after.batteryPower else { continue }
      let stopped = min(0, new) - min(0, old)
      if stopped > meterError {
        charging.append(
          Step(kind: .gridCharging, device: before.device, relief: stopped, left: max(0, -new), energy: stopped * hours)
        )
      }
      let given = max(0, new) - max(0, old)
      if given > meterError {
        giving.append(Step(kind: .discharge, device: before.device, relief: given, left: new, energy: given * hours))
      }
    }
    let boosts = zip(first.heatPumps, last.heatPumps).compactMap { before, after -> Step? in
      guard let old = before.state, old > 2, let new = after.state, new <= 2 else { return nil }
      return Step(kind: .endBoost, device: before.device, notices: before.device.name)
    }
    let units = site.sheddables(first)
    let off = shed.compactMap { device -> Step? in
      guard let unit = units.first(where: { $0.device == device }), unit.isOn == true, lasts(device) > .zero else {
        return nil
      }
      let serves = site.loads.first { $0.device == device }?.serves
      let isPump = site.heatPumps.contains { $0.device == device }
      let off = lasts(device).seconds / 3600
      return Step(
        kind: isPump ? .block : .shed, device: device, relief: unit.relief, energy: unit.relief * off,
        notices: serves ?? device.name, lasts: isPump && off < hours ? lasts(device) : nil)
    }
    return charging + throttled(site, from: first, to: last, hours) + boosts + giving + off
  }

  private static func throttled(
    _ site: SiteParameters, from first: SiteView, to last: SiteView, _ hours: Double
  ) -> [Step] {
    zip(first.chargers, last.chargers).compactMap { before, after in
      let most = site.chargers.first { $0.device == before.device }?.maximumPower ?? 0
      let old = before.power ?? most
      let new = after.power ?? most
      guard old - new > meterError else { return nil }
      return Step(
        kind: new > 0 ? .throttle : .pause, device: before.device, relief: old - new, left: new,
        energy: (old - new) * hours, notices: before.device.name)
    }
  }
}
