import Foundation
import SiteClient
import SiteStage
import TestKit
import Testing

extension Scenarios {
  /// 0:00  a car at the wall box, the contact of the grid operator is closed; no sun, an empty battery
  /// 0:30  the watchdog is armed and the car charges with what the fuse lets it have so soon after the start
  /// 1:20  the contact opens: the car gets 4.2 kW, which are its 6 A
  ///       `kill -9`: the wall box pauses by itself
  ///       the agent comes back: 6 A again
  /// 2:20  the contact closes: more than that
  @Test(.timeLimit(.minutes(6))) func aCarIsThrottledByTheContactAndFallsBackWithoutTheAgent() async throws {
    let folder = try TemporaryFolder.make("car")
    let profiles = try Scenario.profiles(reversion: "12 s")
    defer {
      try? FileManager.default.removeItem(at: folder)
      try? FileManager.default.removeItem(at: profiles)
    }
    let script = folder.appendingPathComponent("script")
    try "0 500 0 contact=closed\n80 500 0 contact=open\n140 500 0 contact=closed\n"
      .write(to: script, atomically: true, encoding: .utf8)
    var options = Scenario.options()
    options.profiles = profiles
    options.edit = {
      $0.replacing("devices: [car, heat-pump], grid_draw: 7.56 kW", with: "devices: [car], grid_draw: 4.2 kW")
        .replacing("failsafe: 6 A", with: "failsafe: 0 A\n    on_at_least: 5 s\n    off_at_least: 5 s")
    }
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

    try await eventually(within: 75, "the car charges and the agent has armed its watchdog") {
      let truth = try truth()
      return try await car("power_w") > 6000 && truth.charging_offered_a >= 9 && truth.charger_writes >= 3
    }
    #expect(try await car("charging_state") == 2)
    #expect(try await car("charging_current_limit_a") >= 9)
    #expect(try truth().contact_closed)

    try await eventually(within: 90, "the contact throttles the car; the agent's log: \(stage.agentLog)") {
      let truth = try truth()
      return !truth.contact_closed && (6...6.1).contains(truth.charging_offered_a)
    }
    try await eventually(within: 15, "the car follows") { try truth().car_w <= 4200 }
    let limited = try truth()

    stage.killAgent()
    try await eventually(within: 25, "the wall box falls back") {
      let truth = try truth()
      return truth.charger_reversions == limited.charger_reversions + 1 && truth.charging_offered_a == 0
    }
    try stage.startAgent()
    try await Scenario.waitForControl(stage)
    try await eventually(within: 120, "the contact closes and the car gets more") {
      let truth = try truth()
      return truth.contact_closed && truth.charging_offered_a > 8
    }
    stage.stopAgent()
    try await eventually(within: 10, "a clean stop leaves the pause of the failsafe") {
      try truth().charging_offered_a == 0
    }
  }
}
