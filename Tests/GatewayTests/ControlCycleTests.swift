import EnergyDispatch
import EnergyModel
import Gateway
import ServiceLifecycle
import Synchronization
import TestKit
import Testing
import Threads

/// The control cycle's shell over a site of one hybrid, with ports that only take notes.
@Suite struct ControlCycleTests {
  /// Takes notes of everything that the cycle hands over, and may be held up like a journal whose
  /// thread stands still: then nothing is taken out of its bounded mailbox.
  private final class Notebook: SetpointPort, EventSink, DecisionSink, StateStore {
    let commands = Mutex<[SetpointCommand]>([])
    let board = Mutex<ControlBoard?>(nil)
    let queue = Mailbox<String>(capacity: 3)
    let beats = Mutex<[MonotonicInstant]>([])

    func submit(_ command: SetpointCommand) {
      commands.withLock { $0.append(command) }
      let report = WriteReport(command: command, outcome: .confirmed, at: SystemTime().now())
      board.withLock { $0 }?.accept(report)
    }

    func post(_ event: Event) { queue.put(event.name) }
    func post(_ decision: Decision) { queue.put(decision.sentence) }
    let urgent = Mutex<Set<String>>([])
    func save(_ bytes: [UInt8], under key: String) { queue.put(key) }
    func save(_ bytes: [UInt8], under key: String, isUrgent: Bool) {
      if isUrgent { urgent.withLock { _ = $0.insert(key) } }
      save(bytes, under: key)
    }
    func load(_ key: String) async throws -> [UInt8]? { nil }
    func beat() { beats.withLock { $0.append(.current) } }
  }

  private let parameters = SiteParameters(
    mode: .control, gridMeter: .init(device: "meter"),
    hybrids: [
      .init(
        device: "hybrid", acLimit: Watts(10_000), pvPeak: Watts(9800),
        battery: .init(
          usable: WattHours(10_000), socWindow: 10...95, gridCharging: .never, maximumCharge: Watts(5000),
          maximumDischarge: Watts(5000)), batteryReversion: .seconds(60), productionReversion: .seconds(60))
    ], loads: [], fuse: nil, baseLoad: Watts(500), feedIn: nil, reserve: Percent(20),
    economics: ["self-consumption"])

  private func feed(_ site: SiteState) {
    let now = SystemTime().now()
    site.accept(Sample(device: "meter", measured: now, readings: [Reading(.power, -200)]))
    site.accept(
      Sample(
        device: "hybrid", measured: now,
        readings: [
          Reading(.power, 700), Reading(.pvPower, 900), Reading(.batteryPower, -100), Reading(.soc, 50),
          Reading(.chargePowerMax, 5000), Reading(.dischargePowerMax, 5000), Reading(.alarms, 0),
        ]))
  }

  private func makeCycle(
    _ notebook: Notebook, _ site: SiteState, period: Duration, channels: [SiteParameters.Channel] = []
  ) -> (ControlCycle, ControlBoard) {
    var parameters = self.parameters
    parameters.channels = channels
    let board = ControlBoard()
    notebook.board.withLock { $0 = board }
    let cycle = ControlCycle(
      core: ControlCore(parameters: parameters, zone: .utc, savedMemory: nil),
      ports: .init(
        site: site, board: board, setpoints: notebook, events: notebook, decisions: notebook, store: notebook,
        forecast: { nil }, beat: { _ in notebook.beat() }),
      time: SystemTime(), period: period)
    return (cycle, board)
  }

  /// Nobody empties the queue that events, decisions and memory go into: the shell keeps its pace, and what
  /// does not fit is counted. A real journal is held up in the scenario `journalHeldUpForTenSeconds`.
  @Test func aFullQueueDoesNotMoveTheCycle() async throws {
    let notebook = Notebook()
    let site = SiteState()
    feed(site)
    for _ in 0..<3 { notebook.queue.put("already full") }
    let (cycle, board) = makeCycle(notebook, site, period: .milliseconds(20))
    let running = Task { try await cycle.run() }
    try await eventually("fifty cycles") { board.cycle.count >= 50 }
    running.cancel()
    try await running.value
    #expect(notebook.queue.dropped > 0)
    #expect(board.cycle.worstDuration < .milliseconds(200))
    let beats = notebook.beats.withLock { $0 }
    let longest = zip(beats, beats.dropFirst()).map { $1 - $0 }.max() ?? .zero
    #expect(longest < .milliseconds(220), "longest pause between two cycles: \(longest)")
  }

  @Test func setpointsReachTheDevicesAndTheirConfirmationsComeBack() async throws {
    let notebook = Notebook()
    let site = SiteState()
    feed(site)
    let (cycle, board) = makeCycle(notebook, site, period: .milliseconds(20))
    let running = Task { try await cycle.run() }
    try await eventually("a confirmed setpoint") { board.setpoints.confirmed > 0 }
    running.cancel()
    try await running.value
    let kinds = Set(notebook.commands.withLock { $0 }.flatMap(\.setpoints).map(\.kind))
    #expect(kinds.isSuperset(of: [.chargeLimit, .dischargeLimit]))
    #expect(board.decision != nil)
  }

  /// The failsafe of a legal channel begins with the first cycle: that is not to wait for the next commit.
  @Test(arguments: [true, false]) func theStateOfALimitIsSavedUrgently(isLimited: Bool) async throws {
    let notebook = Notebook()
    let site = SiteState()
    feed(site)
    let channel = SiteParameters.Channel(
      name: "dso", kind: .uplink("vpp"), class: .legal, failsafe: [.importPower: 4200])
    let (cycle, board) = makeCycle(
      notebook, site, period: .milliseconds(20), channels: isLimited ? [channel] : [])
    let running = Task { try await cycle.run() }
    try await eventually("ten cycles") { board.cycle.count >= 10 }
    running.cancel()
    try await running.value
    #expect(notebook.urgent.withLock { $0 } == (isLimited ? [ControlCycle.storeKey] : []))
  }

  @Test func wakingMakesACycleComeAtOnce() async throws {
    let notebook = Notebook()
    let (cycle, board) = makeCycle(notebook, SiteState(), period: .seconds(3600))
    let running = Task { try await cycle.run() }
    try await eventually("the first cycle") { board.cycle.count == 1 }
    cycle.wake()
    try await eventually("the second, an hour early") { board.cycle.count == 2 }
    running.cancel()
    cycle.wake()
    try await running.value
  }
}
