import Foundation
import SiteClient
import SiteStage
import TestKit
import Testing

extension Scenarios {
  /// 0:00  the car charges with 16 A on three phases, the contact of the grid operator is closed; no sun, empty battery
  /// 1:10  the contact opens: car and heat pump together get 7.56 kW, the car what is left of it
  ///       `kill -9`: the wall box falls back to its 6 A by itself
  ///       the agent comes back: the limit still holds
  /// 2:10  the contact closes: the car gets its 16 A again
  @Test(.timeLimit(.minutes(6))) func aCarIsThrottledByTheContactAndFallsBackWithoutTheAgent() async throws {
    let folder = try TemporaryFolder.make("car")
    let profiles = try Scenario.profiles(reversion: "12 s")
    defer {
      try? FileManager.default.removeItem(at: folder)
      try? FileManager.default.removeItem(at: profiles)
    }
    let script = folder.appendingPathComponent("script")
    try "0 500 0 contact=closed\n70 500 0 contact=open\n130 500 0 contact=closed\n"
      .write(to: script, atomically: true, encoding: .utf8)
    var options = Scenario.options()
    options.profiles = profiles
    options.simulator = [
      "--seed", "3", "--soc", "6", "--car", "here", "--car-soc", "30", "--boiler", "never", "--heat-pump", "never",
      "--load-script", script.path,
    ]
    let stage = try SiteStage(options)
    defer { Scenario.clear(stage) }
    func truth() throws -> Truth { try #require(try Truth.read(stage.truthFile).last) }
    func car(_ point: String) async throws -> Double {
      let device = try await stage.client.site().devices.first { $0.id == "car" }
      return (device?.values[point] ?? nil) ?? -1
    }
    try await Scenario.start(stage)

    try await eventually(within: 60, "the car charges and the agent has armed its watchdog") {
      let truth = try truth()
      return try await car("power_w") > 10_500 && truth.charging_offered_a == 16 && truth.charger_writes >= 3
    }
    #expect(try await car("charging_state") == 2)
    #expect(try truth().contact_closed)

    try await eventually(within: 90, "the contact throttles the car; the agent's log: \(stage.agentLog)") {
      let truth = try truth()
      return !truth.contact_closed && (4100...7560).contains(truth.car_w) && truth.charging_offered_a < 11
    }
    try await Scenario.sleep(6)
    let limited = try truth()
    #expect((6...10.96).contains(limited.charging_offered_a))
    #expect(limited.car_w + limited.heat_pump_w <= 7560)

    stage.killAgent()
    try await eventually(within: 25, "the wall box falls back") {
      let truth = try truth()
      return truth.charger_reversions == limited.charger_reversions + 1 && truth.charging_offered_a == 6
    }
    try stage.startAgent()
    try await Scenario.waitForControl(stage)
    try await eventually(within: 120, "the contact closes and the car gets its current back") {
      let truth = try truth()
      return truth.contact_closed && truth.charging_offered_a > 15.5
    }
    let all = try Truth.read(stage.truthFile)
    let late = try #require(all.first { !$0.contact_closed }).t + 15_000
    let end = try #require(all.last { !$0.contact_closed }).t
    // What restarts and reads first never gives more than the limit before it knows better.
    #expect(all.filter { $0.t > late && $0.t <= end }.allSatisfy { $0.car_w + $0.heat_pump_w <= 7600 })
    stage.stopAgent()
    try await eventually(within: 10, "a clean stop leaves the failsafe current") { try truth().charging_offered_a == 6 }
  }
}
