import EnergyModel
import Foundation
import SiteClient
import SiteStage
import TestKit
import Testing

extension Scenarios {
  /// 00:00  site runs
  /// 00:05  every device dies at once
  ///        points are marked, the decision is the safe state
  /// 00:20  they are back
  ///        values, setpoints and decision recover without help
  @Test(.timeLimit(.minutes(3))) func devicesDieAndComeBack() async throws {
    let stage = try SiteStage(Scenario.options())
    defer { Scenario.clear(stage) }
    let judge = try UplinkJudge(port: stage.broker.port, folder: stage.folder)
    try await Scenario.start(stage)

    stage.killSimulator()
    try await eventually(within: 20, "points are marked and the state is safe") {
      let site = try await stage.client.site()
      let hybrid = try #require(site.devices.first { $0.id == "hybrid" })
      let isMarked = hybrid.quality["power_w"] == "timeout" && hybrid.quality["soc_percent"] == "timeout"
      let isSafe = site.decision?.safeState == true && site.balance.loadPowerW == nil
      return hybrid.state == "silent" && isMarked && isSafe
    }
    let dead = try await stage.client.site()
    #expect(stage.isAgentRunning)

    try stage.startSimulator()
    try await eventually(within: 60, "recovery without help") {
      let site = try await stage.client.site()
      let isEveryoneBack = site.devices.filter { $0.profile != "mqtt" }.allSatisfy { $0.state == "ok" }
      let isConfirmed = site.setpoints.confirmed > dead.setpoints.confirmed
      return isEveryoneBack && isConfirmed && site.decision?.safeState == false && site.balance.loadPowerW != nil
    }
    try await eventually(within: 20, "loss and return are told") {
      let names = try judge.messages("events").flatMap(\.records).compactMap { $0["name"] as? String }
      return names.contains("device-lost") && names.contains("device-back")
    }
    stage.stopAgent()
    #expect(Ledger(try judge.messages()).holes.isEmpty)
  }
}
