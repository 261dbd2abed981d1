public import EnergyModel
public import Forecasting

/// The control of a site as a pure value: a snapshot goes in, a decision and what has to be written come
/// out. It reads no clock, no file and no device.
///
/// There is no ramp after a start: what is written are limits, within which the inverter regulates itself,
/// so a first limit never moves power further than the inverter's own loop would; and one that
/// tightens protects and must not wait.
public struct ControlCore: Sendable {
  /// After a start, unknown values are news only when devices had this long to answer.
  private static let patience: Duration = .seconds(10)

  private let premises: Deliberation.Premises
  private let zone: TimeZoneTable
  private let arbitration: Arbitration
  private var memory: SavedMemory
  private var state: Running?
  private var leases = LeaseBook()
  private var notices = Notices()
  private var substance = DecisionSubstance()

  /// What exists once the first step told what time it is.
  private struct Running: Sendable {
    var rules: RuleBook
    var switches: SwitchHistory
    var channels: ChannelWatch
    var started: MonotonicInstant
    var hasSeenAll = false
    var isMemoryFresh = false
    var view: SiteView
  }

  /// - Parameter savedMemory: what ``savedMemory`` gave before the restart. Nil, or what cannot be
  ///   understood, means the worst case: loads were switched just now, hysteresis is on its strict side.
  public init(parameters: SiteParameters, zone: TimeZoneTable, savedMemory: [UInt8]?) {
    premises = Deliberation.Premises(parameters)
    self.zone = zone
    memory = savedMemory.map { SavedMemory($0) } ?? SavedMemory()
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
  public mutating func step(
    snapshot: SiteSnapshot, forecast: Forecast?, reports: [WriteReport], orders: StandingOrders = StandingOrders()
  ) -> ControlOutcome {
    let now = snapshot.now
    let parameters = premises.site
    let view = SiteView(snapshot, parameters)
    // Taken out, so that what it holds is changed in place.
    var running = state.take() ?? begin(view)
    running.view = view
    running.switches.observe(view)
    let channels = running.channels.step(orders, view)
    let input = RuleInput(
      view: view, forecast: forecast, orders: orders, switches: running.switches, zone: zone, channels: channels)
    let statements = running.rules.evaluate(input)
    let resolutions = arbitration.resolve(statements)
    let isSafeState = statements.contains { $0.contribution.isBlind } || (view.grid != nil && view.grid?.power == nil)
    running.hasSeenAll = running.hasSeenAll || !isSafeState
    let isStarting = !running.hasSeenAll && now.monotonic - running.started < Self.patience

    let wanted = WantedLease.all(resolutions, view, parameters)
    var events = channels.events + leases.accept(reports, at: now)
    let commands = parameters.mode == .control ? leases.plan(wanted, at: now.monotonic) : []
    let deliberation = Deliberation(
      premises: premises, view: view, resolutions: resolutions, wanted: wanted, isSafeState: isSafeState,
      isStarting: isStarting)
    events += notices.events(
      statements, resolutions, safeState: isSafeState && !isStarting ? deliberation : nil, view,
      isMonitor: parameters.mode == .monitor)
    let isDecisionNew = substance.follow(
      resolutions, isSafeState: isSafeState, isStarting: isSafeState && isStarting)
    let isMemoryChanged = remember(&running, at: now.monotonic)
    state = running
    return ControlOutcome(
      commands: commands, events: events, isDecisionNew: isDecisionNew, isMemoryChanged: isMemoryChanged,
      isMemoryUrgent: isMemoryChanged && !channels.events.isEmpty, deliberation: deliberation)
  }

  /// What each device gets on a clean stop. Nothing in monitor mode and before the first step.
  public func fallback(at now: Moment) -> [SetpointCommand] {
    guard premises.site.mode == .control else { return [] }
    return Fallback.commands(premises.site, leases, state?.view, at: now.monotonic)
  }

  private func begin(_ view: SiteView) -> Running {
    let now = view.now.monotonic
    return Running(
      rules: RuleBook(premises.site, saved: memory, at: now),
      switches: SwitchHistory(premises.site.loads, saved: memory, at: now),
      channels: ChannelWatch(premises.site.channels, saved: memory, at: now), started: now, view: view)
  }

  private mutating func remember(_ running: inout Running, at now: MonotonicInstant) -> Bool {
    guard running.isMemoryFresh else {
      // Lines that nobody has any use for are left behind with the first step.
      let before = memory
      memory = SavedMemory()
      running.isMemoryFresh = true
      _ = remember(&running, at: now)
      return memory != before
    }
    let rules = running.rules.save(into: &memory, at: now)
    let switches = running.switches.save(into: &memory, at: now)
    let channels = running.channels.save(into: &memory)
    return rules || switches || channels
  }

  private static func quantities(
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
