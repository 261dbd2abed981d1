import Foundation
import SiteClient
import SiteStage
import TestKit
import Testing

/// What all scenarios share: the built programs, the demo's configuration, and short waits.
enum Scenario {
  static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()
  static let programs = root.appendingPathComponent(".build/debug")
  static let configuration = root.appendingPathComponent("config/demo.yaml")

  static func options() -> SiteStage.Options {
    var options = SiteStage.Options(programs: programs, configuration: configuration)
    options.simulator = ["--sky", "2026-06-21T09:40:00Z", "--seed", "3", "--soc", "55", "--export-cap", "5880"]
    return options
  }

  /// For tests that kill on purpose.
  static func withoutCrashGuard(_ text: String) -> String {
    text.replacing("clock: declared", with: "clock: declared, crash_guard: off")
  }

  /// A copy of the shipped profiles in which the hybrid's reversion timers are shorter.
  static func profiles(reversion: String) throws -> URL {
    let copy = try TemporaryFolder.make("profiles")
    let source = root.appendingPathComponent("config/devices")
    for name in try FileManager.default.contentsOfDirectory(atPath: source.path) where name.hasSuffix(".yaml") {
      let whole = try String(contentsOf: source.appendingPathComponent(name), encoding: .utf8)
      // The evidence is of the timers as they are shipped; it comes last.
      let text = whole.components(separatedBy: "\nevidence:\n")[0] + "\n"
      // A timer that is kept going every so often is so well within it.
      try text.replacing("reversion: 60 s", with: "reversion: \(reversion)").replacing(
        "every: 25 s", with: "every: 2 s"
      )
      .write(to: copy.appendingPathComponent(name), atomically: true, encoding: .utf8)
    }
    return copy
  }

  /// Starts simulator and agent and returns once the hybrid confirmed a setpoint.
  static func start(_ stage: SiteStage) async throws {
    try stage.startSimulator()
    try await eventually(within: 20, "the simulator listens") {
      Loopback.accepts(stage.ports.inverter) && Loopback.accepts(stage.ports.meter)
    }
    try stage.startAgent()
    try await waitForControl(stage)
  }

  static func waitForControl(_ stage: SiteStage) async throws {
    try await eventually(within: 40, "a confirmed setpoint; the agent's log: \(stage.agentLog)") {
      guard let site = try? await stage.client.site() else { return false }
      return site.setpoints.confirmed > 0 && site.decision?.safeState == false
    }
  }

  /// Ends everything. Whatever a judge of the uplink has written down is held against the schemas.
  static func clear(_ stage: SiteStage) {
    stage.stop()
    for file in UplinkJudge.files(in: stage.folder) {
      do {
        if let problem = try SchemaCheck.problem(in: file) { Issue.record("\(problem)") }
      } catch { Issue.record(error) }
    }
    stage.removeFolder()
  }

  static func sleep(_ seconds: Double) async throws { try await Task.sleep(for: .seconds(seconds)) }
}
