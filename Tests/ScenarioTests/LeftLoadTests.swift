import Foundation
import SiteClient
import SiteStage
import TestKit
import Testing

extension Scenarios {
  /// 00:00  the boiler is supplied; page and API say that it is left off when the agent stops, the heat pump on, and say
  ///        nothing of the kind of a meter
  /// 00:05  the agent is stopped: the boiler is off
  @Test(.timeLimit(.minutes(2))) func aLoadGetsWhatThePageSaysWhenTheAgentStops() async throws {
    var options = Scenario.options()
    options.edit = { $0.replacing("shed: 1, if_agent_dies: on", with: "shed: 1, if_agent_dies: off") }
    let stage = try SiteStage(options)
    defer { Scenario.clear(stage) }
    try await Scenario.start(stage)
    let devices = try await stage.client.site().devices
    func left(_ id: String) -> String? { devices.first { $0.id == id }?.ifAgentDies }
    #expect(left("boiler") == "off" && left("heat-pump") == "on" && left("grid-meter") == nil)
    #expect(devices.contains { $0.id == "grid-meter" })
    try await eventually(within: 10, "the boiler is supplied") { try isBoilerOn(stage) }
    stage.stopAgent()
    try await eventually(within: 5, "the boiler is left off") { try !isBoilerOn(stage) }
  }

  private func isBoilerOn(_ stage: SiteStage) throws -> Bool {
    try #require(Truth.read(stage.truthFile).last).relay_on
  }
}
