import Foundation
import SiteClient
import SiteStage
import TestKit
import Testing

extension Scenarios {
  static let mayReplaceResolver =
    geteuid() == 0 && (try? ChildProcess("unshare", ["-m", "true"]))?.wait() == 0

  /// 00:00  the agent starts; the name of its aggregator is asked of a server that never answers
  /// 00:15  control has gone on all the time; the agent ends within seconds when asked to, and starts again
  /// 00:20  the server answers from now on
  ///        the uplink is up within 70 s, and telemetry arrives
  @Test(
    .enabled(if: mayReplaceResolver, "needs root and a mount namespace for a resolv.conf of its own"),
    .timeLimit(.minutes(4)))
  func nameOfTheAggregatorIsNotAnswered() async throws {
    let resolver = try SilentResolver()
    defer { resolver.stop() }
    var options = Scenario.options()
    options.separatesBrokers = true
    options.nameServer = resolver.address
    options.aggregatorHost = "aggregator.holdfast.test"
    let stage = try SiteStage(options)
    defer { Scenario.clear(stage) }
    let judge = try UplinkJudge(port: stage.aggregator.port, folder: stage.folder)
    try await Scenario.start(stage)
    let before = try await stage.client.site().cycle
    try await Scenario.sleep(15)
    let during = try await stage.client.site()
    #expect(resolver.questions > 0, "nobody asked: the test would show nothing")
    #expect(!during.uplinks[0].connected)
    #expect(during.cycle.count >= before.count + 14, "the cycle went on at its pace")
    #expect(during.cycle.worstLatenessMs < 200, "worst lateness \(during.cycle.worstLatenessMs) ms")

    var begun = Date()
    #expect(stage.stopAgent() == 0)
    #expect(Date().timeIntervalSince(begun) < 10, "it ends in order although the question is open")
    try stage.startAgent()
    try await Scenario.waitForControl(stage)

    resolver.answer()
    try await eventually(within: 70, "the uplink is up; the agent's log: \(stage.agentLog)") {
      try await stage.client.site().uplinks[0].connected
    }
    try await eventually(within: 60, "a first message arrives") { try !judge.messages("telemetry").isEmpty }
    begun = Date()
    stage.stopAgent()
    #expect(Date().timeIntervalSince(begun) < 10)
  }
}
