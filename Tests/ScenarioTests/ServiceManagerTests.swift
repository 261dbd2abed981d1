import Foundation
import SiteClient
import SiteStage
import TestKit
import Testing

extension Scenarios {
  /// A supervisor that owns the notification socket, as systemd does.
  /// 00:00  the agent starts: READY once, after the first good cycle
  ///        WATCHDOG from every cycle, once a second
  /// 00:06  the agent is stopped with SIGSTOP: no WATCHDOG any more
  /// 00:09  it goes on, then SIGTERM: STOPPING, and exit code 0
  @Test(.timeLimit(.minutes(2))) func theServiceManagerIsToldFromTheCycle() async throws {
    let socket = try NotifySocket()
    var options = Scenario.options()
    options.agentEnvironment = ["NOTIFY_SOCKET": socket.path]
    let stage = try SiteStage(options)
    defer { Scenario.clear(stage) }
    try await Scenario.start(stage)
    try await Scenario.sleep(5)
    let told = socket.receive()
    #expect(told.filter { $0.contains("READY=1") }.count == 1)
    #expect(told.filter { $0.contains("WATCHDOG=1") }.count >= 5)
    #expect(!told.contains { $0.contains("STOPPING=1") })

    stage.signalAgent(SIGSTOP)
    try await Scenario.sleep(0.5)
    _ = socket.receive()
    try await Scenario.sleep(2.5)
    #expect(socket.receive().isEmpty, "a hung agent must not feed the watchdog")
    stage.signalAgent(SIGCONT)
    #expect(stage.stopAgent() == 0)
    #expect(socket.receive().contains { $0.contains("STOPPING=1") })
  }

  /// Without a single device the agent counts as started all the same, in its safe state: starting it over
  /// and over would help nobody.
  @Test(.timeLimit(.minutes(2))) func aSiteOfTheDeadCountsAsStartedAfterAWhile() async throws {
    let socket = try NotifySocket()
    var options = Scenario.options()
    options.agentEnvironment = ["NOTIFY_SOCKET": socket.path]
    let stage = try SiteStage(options)
    defer { Scenario.clear(stage) }
    try stage.startAgent()
    try await Scenario.sleep(8)
    let early = socket.receive()
    #expect(early.contains { $0.contains("WATCHDOG=1") })
    #expect(!early.contains { $0.contains("READY=1") })
    try await eventually(within: 20, "READY") { socket.receive().contains { $0.contains("READY=1") } }
    #expect(try await stage.client.site().decision?.safeState == true)
  }
}
