import Foundation
import SiteStage
import TestKit
import Testing

/// `holdfast commission` against the simulated site, well and ill.
extension Scenarios {
  private static let calm = [
    "--sky", "2026-06-21T22:00:00Z", "--fixed-load", "800", "--boiler", "never", "--soc", "55",
  ]

  /// Outcomes by `device check`.
  private func commission(
    _ simulator: [String], fault: String? = nil, only: [String] = ["hybrid", "grid-meter"], whileAgentRuns: Bool = false
  ) async throws -> (code: Int32, outcomes: [String: String]) {
    var options = SiteStage.Options(programs: Scenario.programs, configuration: Scenario.configuration)
    let folder = try TemporaryFolder.make("commission")
    defer { try? FileManager.default.removeItem(at: folder) }
    options.simulator = simulator + ["--seed", "3"]
    if let fault {
      let file = folder.appendingPathComponent("faults")
      try "0 \(fault)\n".write(to: file, atomically: true, encoding: .utf8)
      options.simulator += ["--faults", file.path]
    }
    let profiles = try Scenario.profiles(reversion: "12 s")
    defer { try? FileManager.default.removeItem(at: profiles) }
    options.profiles = profiles
    let stage = try SiteStage(options)
    defer { Scenario.clear(stage) }
    if whileAgentRuns {
      try await Scenario.start(stage)
    } else {
      try stage.startSimulator()
      try await eventually(within: 20, "the simulator listens") {
        Loopback.accepts(stage.ports.inverter) && Loopback.accepts(stage.ports.meter)
      }
    }
    let report = folder.appendingPathComponent("report.json")
    let tool = try ChildProcess(
      Scenario.programs.appendingPathComponent("holdfast").path,
      [
        "commission", "--config", stage.configurationFile.path, "--profiles", profiles.path, "--state",
        stage.stateFolder.path, "--yes", "--report", report.path, "--only",
      ] + only, output: folder.appendingPathComponent("output"))
    try await eventually(within: 120, "the visit ends") { !tool.isRunning }
    let code = tool.wait()
    guard let data = try? Data(contentsOf: report) else { return (code, [:]) }
    let whole = try JSONSerialization.jsonObject(with: data) as? [String: Any]
    let findings = whole?["findings"] as? [[String: Any]] ?? []
    let pairs = findings.map { finding in
      ("\(finding["device"] ?? "site") \(finding["check"] ?? "")", "\(finding["outcome"] ?? "")")
    }
    return (code, Dictionary(pairs, uniquingKeysWith: { first, _ in first }))
  }

  @Test(.timeLimit(.minutes(3))) func aWellSiteIsCommissioned() async throws {
    let found = try await commission(Self.calm).outcomes
    for check in [
      "hybrid reachable", "hybrid points", "hybrid live", "hybrid models", "hybrid serial", "hybrid balance",
      "hybrid write of battery_limits", "hybrid effect of battery", "hybrid battery sign", "hybrid AC sign",
      "hybrid reversion of battery_limits", "hybrid release of battery_limits", "grid-meter sign",
      "grid-meter transformer L1", "grid-meter transformer L2", "grid-meter transformer L3", "grid-meter phase sum",
    ] {
      #expect(found[check] == "passed", "\(check)")
    }
    // In the night no string shows its sign.
    #expect(found["hybrid PV sign"] == "open")
    #expect(!found.values.contains("failed"))
  }

  /// A visit mostly waits for what devices do after a time.
  private func threeAtOnce<Case: Sendable>(
    _ cases: [Case], _ visit: @escaping @Sendable (Case) async throws -> Void
  ) async throws {
    try await withThrowingTaskGroup(of: Void.self) { group in
      for (place, one) in cases.enumerated() {
        if place >= 3 { try await group.next() }
        group.addTask { try await visit(one) }
      }
      try await group.waitForAll()
    }
  }

  /// A fault begins with the simulator's first tenth of a second: until then the models of an inverter may have been found,
  /// which otherwise is not reached at all.
  @Test(.timeLimit(.minutes(8))) func whatIsWrongIsFound() async throws {
    let faults = [
      ("meter sign-flip power_l2_w", ["grid-meter transformer L2"]), ("meter silence", ["grid-meter reachable"]),
      ("meter frozen", ["grid-meter live"]), ("inverter exception 4", ["hybrid reachable", "hybrid points"]),
      ("meter exception 4", ["grid-meter points"]),
      ("inverter ignore-writes", ["hybrid write of battery_limits"]),
      ("inverter revert-writes 2", ["hybrid write of battery_limits"]),
    ]
    try await threeAtOnce(faults) { fault, checks in
      let (code, outcomes) = try await commission(Self.calm, fault: fault)
      #expect(code == 1, "\(fault)")
      #expect(checks.contains { outcomes[$0] == "failed" }, "\(fault): \(outcomes)")
    }
  }

  @Test(.timeLimit(.minutes(4))) func theCapIsInTheInverterOrNot() async throws {
    try await threeAtOnce([("5880", "passed"), ("-1", "failed")]) { cap, outcome in
      let sunny = [
        "--sky", "2026-06-21T10:00:00Z", "--fixed-load", "500", "--fixed-pv", "5500", "--boiler", "never", "--soc",
        "90", "--export-cap=\(cap)",
      ]
      let outcomes = try await commission(sunny, only: ["hybrid"]).outcomes
      #expect(outcomes["hybrid feed-in cap"] == outcome, "\(outcomes)")
    }
  }

  @Test(.timeLimit(.minutes(2))) func theAgentIsTheOnlyController() async throws {
    #expect(try await commission(Self.calm, whileAgentRuns: true).code == 75)
  }
}
