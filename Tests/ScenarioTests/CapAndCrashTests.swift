import EnergyModel
import Foundation
import SiteStage
import TestKit
import Testing

extension Scenarios {
  /// The feed-in cap of 60 % lives in the inverter, the agent only tightens it. Seconds here stand for minutes.
  ///
  /// 12:00     PV 9.8 kW, state of charge 97 %, the house takes 0.5 kW; the agent controls
  /// 12:00:20  it is killed with SIGKILL; the reversion time passes, its leases are released
  /// 12:05     a kettle of 3 kW is switched on, while nobody is there
  /// 12:06     the agent starts again: it reads before it writes
  ///
  /// Throughout the export is at most 5.88 kW, and the kettle draws nothing from the grid.
  @Test(.timeLimit(.minutes(3))) func capAndCrash() async throws {
    let script = try TemporaryFolder.make("script").appendingPathComponent("loads")
    defer { try? FileManager.default.removeItem(at: script.deletingLastPathComponent()) }
    try "0 500 9800\n55 3500 9800\n".write(to: script, atomically: true, encoding: .utf8)
    var options = SiteStage.Options(programs: Scenario.programs, configuration: Scenario.configuration)
    options.simulator = [
      "--sky", "2026-06-21T10:00:00Z", "--clouds", "none", "--seed", "3", "--soc", "97", "--export-cap", "5880",
      "--boiler", "never", "--load-script", script.path,
    ]
    options.recordsRequests = true
    options.edit = Scenario.withoutCrashGuard
    let profiles = try Scenario.profiles(reversion: "6 s")
    defer { try? FileManager.default.removeItem(at: profiles) }
    options.profiles = profiles
    let stage = try SiteStage(options)
    defer { Scenario.clear(stage) }
    try await Scenario.start(stage)
    func truth() throws -> Truth { try #require(try Truth.read(stage.truthFile).last) }
    try await eventually(within: 20, "the agent's lease is in force") { try truth().storage_control == 3 }

    let before = try truth().reversions
    stage.killAgent()
    try await eventually(within: 15, "the inverter reverts") {
      try truth().reversions > before && truth().storage_control == 0
    }
    let alone = try truth()
    try await eventually(within: 90, "the kettle") { try truth().load_w > 3000 }
    try await Scenario.sleep(8)
    let kettle = try truth()
    let restarted = Int64(Date().timeIntervalSince1970 * 1000)
    try stage.startAgent()
    try await eventually(within: 40, "control is back; \(stage.agentLog)") { try truth().storage_control == 3 }
    try await Scenario.sleep(3)
    stage.stopAgent()

    // The inverter's own loop settles within the first seconds.
    let all = try Truth.read(stage.truthFile).dropFirst(5)
    let most = all.map { -$0.grid_w }.max() ?? 0
    #expect(most <= 5880 * 1.01, "exported \(most) W")
    #expect(alone.grid_w < -5500, "the cap was what held it, also without the agent: \(alone.grid_w) W")
    #expect(kettle.grid_w < 0, "the kettle is served by the site: \(kettle.grid_w) W")
    let requests = try Request.read(stage.requestsFile).filter { $0.t >= restarted && $0.device == "inverter" }
    let index = requests.firstIndex { $0.write }
    let first = try #require(index)
    #expect(requests[..<first].contains { $0.covers(AgentChaos.soc) }, "the restart reads first")
  }
}
