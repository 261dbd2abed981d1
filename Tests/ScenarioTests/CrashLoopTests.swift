import SiteClient
import SiteStage
import TestKit
import Testing

extension Scenarios {
  /// Three crashes, one of them before the first cycle: then only what protects acts, and that is an alarm. A clean stop
  /// forgets it.
  @Test(.timeLimit(.minutes(3))) func threeCrashesLeaveOnlyWhatProtects() async throws {
    let stage = try SiteStage(Scenario.options())
    defer { Scenario.clear(stage) }
    try await Scenario.start(stage)
    #expect(try await stage.client.site().decision?.rule == "self-consumption")
    for life in 0..<3 {
      stage.killAgent()
      try stage.startAgent()
      // The third one dies as soon as its journal stands.
      if life < 1 { try await Scenario.waitForControl(stage) } else { try await waitForStart(stage) }
    }
    try await Scenario.waitForControl(stage)
    let guarded = try #require(try await stage.client.site().decision)
    #expect(guarded.rule == nil, "\(guarded.sentence)")
    #expect(guarded.bounds.contains { $0.rule == "crash guard" })
    #expect(stage.agentLog.contains("crash-guard"))

    #expect(stage.stopAgent() == 0)
    try stage.startAgent()
    try await Scenario.waitForControl(stage)
    #expect(try await stage.client.site().decision?.rule == "self-consumption")
  }

  private func waitForStart(_ stage: SiteStage) async throws {
    try await eventually(within: 30, "the start is told; \(stage.agentLog)") {
      stage.agentLog.contains("agent-started")
    }
  }
}
