public import EnergyDispatch
public import EnergyModel
public import Forecasting
public import ServiceLifecycle
import Threads

/// The control cycle: each second, and at once when woken, freeze → evaluate → decide → hand over what
/// is to be written. It runs on a thread that nothing else shares, takes and posts without waiting, and
/// goes on at its pace whatever journal, uplink, page or log do.
public actor ControlCycle: Service {
  /// What the cycle is connected to. All of these return at once.
  public struct Ports: Sendable {
    public var site: SiteState
    public var board: ControlBoard
    public var setpoints: any SetpointPort
    public var events: any EventSink
    public var decisions: any DecisionSink
    public var store: any StateStore
    public var forecast: @Sendable () -> Forecast?
    /// What was asked for from outside and holds at this moment.
    public var orders: @Sendable (Moment) -> StandingOrders
    /// Called after every cycle, from inside it: systemd's watchdog hangs on this and on nothing else. True
    /// says that the cycle was a good one: its decision rests on measurements, not on the safe state.
    public var beat: @Sendable (Bool) -> Void

    public init(
      site: SiteState, board: ControlBoard, setpoints: any SetpointPort, events: any EventSink,
      decisions: any DecisionSink, store: any StateStore, forecast: @escaping @Sendable () -> Forecast?,
      orders: @escaping @Sendable (Moment) -> StandingOrders = { _ in StandingOrders() },
      beat: @escaping @Sendable (Bool) -> Void
    ) {
      self.site = site
      self.board = board
      self.setpoints = setpoints
      self.events = events
      self.decisions = decisions
      self.store = store
      self.forecast = forecast
      self.orders = orders
      self.beat = beat
    }
  }

  public static let storeKey = "control-memory"
  public nonisolated let unownedExecutor: UnownedSerialExecutor
  private nonisolated let executor: ThreadExecutor
  private let ports: Ports
  private let time: any TimeSource
  private let period: Duration
  private var core: ControlCore
  private var crashGuard: CrashGuard?
  private var isStopping = false

  /// - Parameter crashGuard: nil where it is switched off. Its first text is kept already.
  public init(
    core: ControlCore, ports: Ports, time: any TimeSource, period: Duration = .seconds(1), crashGuard: CrashGuard? = nil
  ) {
    executor = ThreadExecutor(name: "hf-control")
    unownedExecutor = executor.asUnownedSerialExecutor()
    self.core = core
    self.crashGuard = crashGuard
    self.ports = ports
    self.time = time
    self.period = period
  }

  /// Makes the next cycle come at once: a limit, a command or an alarm has arrived.
  public nonisolated func wake() { executor.wake() }

  /// Runs until graceful shutdown, then asks every device for its fallback value and waits, for three
  /// seconds at most, until each has answered. Who did not confirm it by what it reads back is told.
  public func run() async throws {
    await withGracefulShutdownHandler {
      var due = MonotonicInstant.current
      while !isStopping && !Task.isCancelled {
        step(due: due)
        // A cycle that was woken early does not move the beat.
        if due <= .current { due = due + period }
        // After a suspension of the whole machine the missed cycles are not made up for.
        if due < .current { due = .current + period }
        await executor.sleep(until: due)
      }
      await fallBack()
    } onGracefulShutdown: {
      Task { await self.stop() }
    }
  }

  private func stop() {
    isStopping = true
    executor.wake()
  }

  func step(due: MonotonicInstant) {
    let now = time.now()
    followGuard(now)
    let outcome = core.step(
      snapshot: ports.site.freeze(at: now), forecast: ports.forecast(), reports: ports.board.takeReports(),
      orders: ports.orders(now), isGuarded: crashGuard?.isUp ?? false)
    for command in outcome.commands { ports.setpoints.submit(command) }
    for event in outcome.events { ports.events.post(event) }
    if outcome.isDecisionNew { ports.decisions.post(outcome.decision) }
    if outcome.isMemoryChanged {
      ports.store.save(core.savedMemory, under: Self.storeKey, isUrgent: outcome.isMemoryUrgent)
    }
    ports.board.record(
      outcome, lateness: max(.zero, now.monotonic - due), took: time.now().monotonic - now.monotonic)
    ports.beat(!outcome.isSafeState)
  }

  private func followGuard(_ now: Moment) {
    let wasUp = crashGuard?.isUp ?? false
    guard crashGuard?.follow(at: now.monotonic) == true, let crashGuard else { return }
    ports.store.save(crashGuard.saved, under: CrashGuard.storeKey)
    guard wasUp, !crashGuard.isUp else { return }
    let text = "the agent has run well for long enough: every rule acts again"
    ports.events.post(Event(at: now, name: "crash-guard-ended", severity: .info, text: text))
  }

  private func fallBack() async {
    // Whatever happens to the fallback values: this is a clean stop.
    if crashGuard != nil { ports.store.save(CrashGuard.stopped, under: CrashGuard.storeKey) }
    let commands = core.fallback(at: time.now())
    for command in commands { ports.setpoints.submit(command) }
    var waiting = Dictionary(uniqueKeysWithValues: commands.map { ($0.id, $0.device) })
    var without: Set<DeviceID> = []
    let end = MonotonicInstant.current + .seconds(3)
    while !waiting.isEmpty && .current < end {
      for report in ports.board.takeReports() {
        guard let device = waiting.removeValue(forKey: report.command.id), report.outcome != .confirmed else {
          continue
        }
        without.insert(device)
      }
      await executor.sleep(until: .current + .milliseconds(50))
    }
    without.formUnion(waiting.values)
    let names = without.map(\.name).sorted().joined(separator: ", ")
    let text =
      without.isEmpty ? "every device confirmed its fallback value" : "no fallback value is confirmed by \(names)"
    ports.events.post(
      Event(at: time.now(), name: "control-stopped", severity: without.isEmpty ? .info : .warning, text: text))
  }
}
