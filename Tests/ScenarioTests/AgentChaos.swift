import EnergyModel
import Foundation
import SiteClient
import SiteStage
import TestKit
import Testing

/// One site whose agent dies, is stopped and hangs again and again, judged from outside: the inverter reverts each
/// time, nothing is written meanwhile, and afterwards the first write follows fresh readings.
struct AgentChaos: Sendable {
  enum Kind: CaseIterable, Sendable {
    /// SIGKILL; started anew once the inverter has reverted.
    case kill
    /// SIGSTOP, and SIGCONT once the inverter has reverted.
    case stop
    /// The control thread alone stands still. A supervisor misses its WATCHDOG and kills the agent, as systemd does.
    case hang
  }

  struct Tally: Sendable, CustomStringConvertible {
    var rounds = 0
    var reverted = 0
    var stale = 0
    /// Seconds from the fault to the reversion, as the simulator dates it, to the next full second of its truth.
    var slowest = 0.0

    var description: String {
      "\(rounds) rounds, \(reverted) reverted, \(stale) stale writes, slowest \(slowest.formatted()) s"
    }

    mutating func add(_ other: Tally) {
      rounds += other.rounds
      reverted += other.reverted
      stale += other.stale
      slowest = max(slowest, other.slowest)
    }
  }

  /// Of the inverter's timers in this test, s.
  static let reversion = 4.0
  /// Model 802's state of charge, absolute: what device protection cannot do without.
  static let soc = 40_323 + 11

  var seed: UInt64
  var rounds: [Kind]

  private var profiles: URL { get throws { try Scenario.profiles(reversion: "4 s") } }

  func run() async throws -> Tally {
    let socket = try NotifySocket()
    var options = Scenario.options()
    options.recordsRequests = true
    options.edit = Scenario.withoutCrashGuard
    options.agentEnvironment = ["NOTIFY_SOCKET": socket.path]
    let profiles = try profiles
    defer { try? FileManager.default.removeItem(at: profiles) }
    options.profiles = profiles
    let stage = try SiteStage(options)
    defer { Scenario.clear(stage) }
    try await Scenario.start(stage)
    var random = SplitMix64(seed: seed)
    var tally = Tally()
    for (number, kind) in rounds.enumerated() {
      // Somewhere between two refreshes.
      try await Scenario.sleep(Double.random(in: 0.2...3, using: &random))
      try await holds(stage)
      let context = "seed \(seed), round \(number), \(kind)"
      try await round(kind, stage, socket, context, &tally)
    }
    return tally
  }

  private func round(
    _ kind: Kind, _ stage: SiteStage, _ socket: NotifySocket, _ context: String, _ tally: inout Tally
  ) async throws {
    let before = try #require(try Truth.read(stage.truthFile).last).reversions
    var frozen: FrozenThread?
    switch kind {
    case .kill: stage.killAgent()
    case .stop: stage.signalAgent(SIGSTOP)
    case .hang: frozen = try await FrozenThread(of: try #require(stage.agentIdentifier), named: "hf-control")
    }
    let struck = Self.now()
    tally.rounds += 1
    // A word that was on its way.
    try await Scenario.sleep(0.2)
    _ = socket.receive()
    if let reverted = try await reversion(stage, beyond: before) {
      tally.reverted += 1
      tally.slowest = max(tally.slowest, Double(reverted - struck) / 1000)
    } else {
      Issue.record("the inverter did not revert: \(context)")
    }
    // What was under way when the fault struck may still arrive, and nothing after it.
    let quiet = try writes(stage).filter { $0.t > struck + 1000 }
    #expect(quiet.isEmpty, "written while nobody decided: \(quiet), \(context)")
    tally.stale += quiet.count

    let resumed = Self.now()
    switch kind {
    case .kill: try stage.startAgent()
    case .stop: stage.signalAgent(SIGCONT)
    case .hang:
      // The watchdog's part: seconds without a word, then the end.
      #expect(socket.receive().isEmpty, "a hung cycle must not feed the watchdog: \(context)")
      stage.signalAgent(SIGKILL)
      frozen?.release()
      stage.killAgent()
      try stage.startAgent()
    }
    try await holds(stage)
    let fresh = try firstWriteIsFresh(stage, since: resumed)
    if !fresh { tally.stale += 1 }
    #expect(fresh, "the first write did not follow fresh readings: \(context)")
  }

  /// The inverter holds what the agent wrote.
  private func holds(_ stage: SiteStage) async throws {
    try await eventually(within: 40, "the inverter holds a setpoint; the agent's log: \(stage.agentLog.suffix(2000))") {
      try #require(try Truth.read(stage.truthFile).last).storage_control == 3
    }
  }

  /// When the truth first shows that the inverter has reverted, wall time, ms.
  private func reversion(_ stage: SiteStage, beyond before: Int) async throws -> Int64? {
    let end = Self.now() + Int64(Self.reversion * 1000) + 5000
    while Self.now() < end {
      let truth = try Truth.read(stage.truthFile)
      if let reverted = truth.first(where: { $0.reversions > before && $0.storage_control == 0 }) { return reverted.t }
      try await Scenario.sleep(0.1)
    }
    return nil
  }

  private func writes(_ stage: SiteStage) throws -> [Request] {
    try Request.read(stage.requestsFile).filter { $0.write && $0.device == "inverter" }
  }

  /// Between the return of the agent and its first write the state of charge was read.
  private func firstWriteIsFresh(_ stage: SiteStage, since: Int64) throws -> Bool {
    let requests = try Request.read(stage.requestsFile).filter { $0.device == "inverter" && $0.t >= since }
    guard let first = requests.firstIndex(where: \.write) else { return false }
    return requests[..<first].contains { $0.covers(Self.soc) }
  }

  private static func now() -> Int64 { Int64(Date().timeIntervalSince1970 * 1000) }
}

/// A thread of another process that stands still as long as this lives, while the others go on.
///
/// By ptrace(2), whose C function takes a variable number of arguments that Swift cannot pass; so Python does.
final class FrozenThread {
  private static let script = """
    import ctypes, os, sys, time
    pid, name = sys.argv[1:]
    tasks = f"/proc/{pid}/task"
    tid = next(int(t) for t in os.listdir(tasks) if open(f"{tasks}/{t}/comm").read().strip() == name)
    ptrace = ctypes.CDLL(None, use_errno=True).ptrace
    ptrace.argtypes = [ctypes.c_long] * 4
    if ptrace(0x4206, tid, 0, 0) != 0 or ptrace(0x4207, tid, 0, 0) != 0: sys.exit(1)
    print("frozen", flush=True)
    time.sleep(600)
    """

  private let helper: ChildProcess
  private let output: URL

  init(of process: Int32, named name: String) async throws {
    output = try TemporaryFolder.make("freeze").appendingPathComponent("output")
    let output = output
    helper = try ChildProcess("/usr/bin/python3", ["-c", Self.script, "\(process)", name], output: output)
    let helper = helper
    try await eventually(within: 10, "thread \(name) stands still") {
      guard helper.isRunning else { throw TestKitError.didNotStart("a tracer of \(name)") }
      return (try? String(contentsOf: output, encoding: .utf8))?.contains("frozen") == true
    }
  }

  deinit { release() }

  func release() {
    helper.kill()
    try? FileManager.default.removeItem(at: output.deletingLastPathComponent())
  }
}
