public import EnergyModel
public import Forecasting

/// The control of a site as a pure value: a snapshot goes in, a decision and what has to be written come
/// out. It reads no clock, no file and no device.
///
/// A start reads first: of a device that has not told its values nothing is written. There is no ramp of limits after
/// it: within them the inverter and the car regulate themselves, so a first limit never moves power further than their own
/// loops would; and one that tightens protects and must not wait. Minimum times of chargers, heat pumps and loads
/// outlive the start in the rules' memory. Only a loop of our own, which tells a battery its power, needs a ramp:
/// it begins at the power that is measured, and is that rule's affair.
public struct ControlCore: Sendable {
  /// A longer time between two steps is a pause: the agent was stopped, and what was read before counts for little.
  private static let pause: Duration = .milliseconds(1900)
  /// A reading this long after the last step before a pause was made after it: cycles come once a second.
  private static let rhythm: Duration = .milliseconds(1500)
  /// After a start, unknown values are news only when devices had this long to answer.
  private static let patience: Duration = .seconds(10)

  private let premises: Deliberation.Premises
  private let zone: TimeZoneTable
  private let arbitration: Arbitration
  private var memory: SavedMemory
  private var state: Running?
  private var frozen: FrozenWatch
  private var tracks: PowerTracks
  private var leases: LeaseBook
  private var effects: EffectWatch
  private var foreign: ForeignWrites
  private var notices = Notices()
  private var substance = DecisionSubstance()
  private var lastStep: MonotonicInstant?
  private var last: Deliberation?
  /// After a pause of the agent: only devices that were read since are written.
  private var readSince: MonotonicInstant?

  /// What exists once the first step told what time it is.
  private struct Running: Sendable {
    var rules: RuleBook
    var switches: SwitchHistory
    var consumers: ConsumerHistory
    var channels: ChannelWatch
    var reserves: ReserveWatch
    var returns: StagedReturn
    var started: MonotonicInstant
    var hasSeenAll = false
    var isMemoryFresh = false
  }

  /// - Parameter savedMemory: what ``savedMemory`` gave before the restart. Nil, or what cannot be
  ///   understood, means the worst case: loads were switched just now, hysteresis is on its strict side.
  public init(parameters: SiteParameters, zone: TimeZoneTable, savedMemory: [UInt8]?) {
    premises = Deliberation.Premises(parameters)
    self.zone = zone
    frozen = FrozenWatch(parameters)
    tracks = PowerTracks(parameters)
    memory = savedMemory.map { SavedMemory($0) } ?? SavedMemory()
    leases = LeaseBook(saved: memory)
    effects = EffectWatch(parameters)
    foreign = ForeignWrites(parameters)
    arbitration = Arbitration(Self.quantities(parameters))
  }

  /// What the rules remember, as lines of text without instants.
  public var savedMemory: [UInt8] { memory.bytes }

  /// One control cycle.
  ///
  /// - Parameters:
  ///   - forecast: nil while there is none; control never depends on it.
  ///   - reports: what became of commands since the last step.
  ///   - orders: what was asked for and still holds.
  ///   - isGuarded: whether the crash guard is up, see ``CrashGuard``.
  public mutating func step(
    snapshot: SiteSnapshot, forecast: Forecast?, reports: [WriteReport], orders: StandingOrders = StandingOrders(),
    isGuarded: Bool = false
  ) -> ControlOutcome {
    let now = snapshot.now
    var snapshot = snapshot
    var events = frozen.mark(&snapshot)
    let view = SiteView(snapshot, &tracks)
    // Taken out, so that what it holds is changed in place.
    var running = state.take() ?? begin(view)
    running.switches.observe(view)
    running.consumers.observe(view)
    let channels = running.channels.step(orders, view, isGuarded: isGuarded)
    let reserves = running.reserves.step(orders, view)
    let input = RuleInput(
      view: view, forecast: forecast, orders: orders, switches: running.switches, consumers: running.consumers,
      zone: zone, channels: channels, reserves: reserves, isGuarded: isGuarded)
    let statements = running.rules.evaluate(input)
    var resolutions = arbitration.resolve(statements)
    running.returns.step(&resolutions, statements, view, running.switches)
    running.consumers.settle(&resolutions, at: now.monotonic)
    let isSafeState = statements.contains { $0.contribution.isBlind } || (view.grid != nil && view.grid?.power == nil)
    running.hasSeenAll = running.hasSeenAll || !isSafeState
    let isStarting = !running.hasSeenAll && now.monotonic - running.started < Self.patience

    let wanted = WantedLease.all(
      resolutions, view, hybrids: premises.site.hybrids, chargers: premises.site.chargers)
    events.add(channels.events)
    events.add(leases.accept(reports, at: now))
    events.add(effects.step(leases, snapshot))
    events.add(foreign.step(&leases, snapshot))
    let commands = premises.site.mode == .control ? leases.plan(due(wanted, snapshot), at: now.monotonic) : []
    let deliberation = Deliberation(
      premises: premises, view: view, resolutions: resolutions, wanted: wanted, isSafeState: isSafeState,
      isStarting: isStarting, running: RunningLimits(channels, orders, zone))
    events.add(
      notices.events(
        statements, resolutions, safeState: isSafeState && !isStarting ? deliberation : nil, view,
        isMonitor: premises.site.mode == .monitor))
    let isDecisionNew = substance.follow(
      resolutions, isSafeState: isSafeState, isStarting: isSafeState && isStarting)
    let isMemoryChanged = remember(&running, at: now)
    state = consume running
    last = deliberation
    return ControlOutcome(
      commands: commands, events: events, isDecisionNew: isDecisionNew, isMemoryChanged: isMemoryChanged,
      isMemoryUrgent: isMemoryChanged && !channels.events.isEmpty, deliberation: deliberation)
  }

  /// Without what only economizes where a second controller writes, and after a pause without what was not read since.
  private mutating func due(_ wanted: [WantedLease], _ snapshot: SiteSnapshot) -> [WantedLease] {
    let now = snapshot.now.monotonic
    if let lastStep, now - lastStep > Self.pause { readSince = lastStep + Self.rhythm }
    lastStep = now
    var due = wanted
    if let readSince {
      func isUnread(_ device: DeviceID) -> Bool {
        guard let points = snapshot.observations[device] else { return true }
        return !points.values.contains { $0.measured.map { $0.monotonic > readSince } ?? false }
      }
      if wanted.contains(where: { isUnread($0.key.device) }) {
        due.removeAll { isUnread($0.key.device) }
      } else {
        self.readSince = nil
      }
    }
    guard foreign.hasTruce(at: now) else { return due }
    return due.filter { $0.isProtective || !foreign.isTruce($0.key, at: now) }
  }

  /// What each device gets on a clean stop. Nothing in monitor mode and before the first step.
  public func fallback(at now: Moment) -> [SetpointCommand] {
    guard premises.site.mode == .control else { return [] }
    return Fallback.commands(premises.site, leases, last?.view, at: now.monotonic)
  }

  private func begin(_ view: SiteView) -> Running {
    let now = view.now.monotonic
    return Running(
      rules: RuleBook(premises.site, saved: memory, at: now),
      switches: SwitchHistory(premises.site.loads, saved: memory, at: now),
      consumers: ConsumerHistory(premises.site, saved: memory, at: view.now),
      channels: ChannelWatch(premises.site.channels, saved: memory, at: now),
      reserves: ReserveWatch(premises.site, saved: memory), returns: StagedReturn(premises.site, saved: memory),
      started: now)
  }

  private mutating func remember(_ running: inout Running, at moment: Moment) -> Bool {
    let now = moment.monotonic
    guard running.isMemoryFresh else {
      // Lines that nobody has any use for are left behind with the first step. Budgets are read when they are needed.
      let before = memory
      memory = memory.lines(of: LeaseBook.budgetLines)
      running.isMemoryFresh = true
      _ = remember(&running, at: moment)
      return memory != before
    }
    let rules = running.rules.save(into: &memory, at: now)
    let switches = running.switches.save(into: &memory, at: now)
    let consumers = running.consumers.save(into: &memory, at: moment)
    let budgets = leases.save(into: &memory)
    let channels = running.channels.save(into: &memory)
    let reserves = running.reserves.save(into: &memory)
    let returns = running.returns.save(into: &memory)
    return rules || switches || consumers || budgets || channels || reserves || returns
  }

  static func quantities(
    _ site: SiteParameters
  ) -> [(quantity: ControlledQuantity, physical: Interval)] {
    var quantities: [(quantity: ControlledQuantity, physical: Interval)] = []
    for hybrid in site.hybrids {
      if let battery = hybrid.battery {
        let range = Interval(-battery.maximumCharge.value, battery.maximumDischarge.value)
        quantities.append((.battery(hybrid.device), range))
      }
      quantities.append((.production(hybrid.device), Interval(0, hybrid.acLimit.value)))
    }
    quantities += site.loads.map { (.supply($0.device), Interval(0, 1)) }
    quantities += site.chargers.map { (.charging($0.device), Interval(0, $0.maximumPower)) }
    return quantities + site.heatPumps.map { (.heatPump($0.device), Interval(1, $0.canBoost ? 4 : 2)) }
  }
}
