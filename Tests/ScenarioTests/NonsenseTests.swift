import Foundation
import SiteClient
import SiteStage
import TestKit
import Testing

extension Scenarios {
  /// Unknown key, wrong unit, duplicate id: all told at once, with path and value, exit code 78.
  @Test func aWrongConfigurationIsRefusedWhole() throws {
    let folder = try TemporaryFolder.make("nonsense")
    defer { try? FileManager.default.removeItem(at: folder) }
    let text = try String(contentsOf: Scenario.configuration, encoding: .utf8)
      .replacing("ac_limit: 10 kW", with: "ac_limit: 10 kWh\n    colour: blue")
      .replacing("boiler:", with: "grid-meter:")
    let file = folder.appendingPathComponent("site.yaml")
    try text.write(to: file, atomically: true, encoding: .utf8)
    for command in ["check", "run"] {
      let output = folder.appendingPathComponent(command)
      let child = try ChildProcess(
        Scenario.programs.appendingPathComponent("holdfast").path,
        [command, file.path, "--profiles", Scenario.root.appendingPathComponent("config/devices").path],
        output: output)
      child.wait()
      #expect(child.wait() == 78)
      let told = try String(contentsOf: output, encoding: .utf8)
      #expect(told.contains("devices.hybrid.colour"), "\(told)")
      #expect(told.contains("devices.hybrid.ac_limit") && told.contains("10 kWh"), "\(told)")
      #expect(told.contains("grid-meter"), "\(told)")
    }
  }

  /// 00:00  the inverter reports another serial number
  /// 00:10  a sensor sends nonsense, then something sensible
  ///        everything is told, what can be read is read and recorded, and nothing is written to the inverter
  @Test(.timeLimit(.minutes(2))) func nonsenseIsToldAndWritesNothing() async throws {
    var options = Scenario.options()
    options.simulator += ["--serial", "999"]
    let stage = try SiteStage(options)
    defer { Scenario.clear(stage) }
    let judge = try UplinkJudge(port: stage.broker.port, folder: stage.folder)
    try stage.startSimulator()
    try stage.startAgent()
    try await eventually(within: 30, "the inverter is read for a while") {
      guard let site = try? await stage.client.site() else { return false }
      return site.devices.contains { $0.id == "hybrid" && $0.state == "ok" && $0.samples > 8 }
    }
    for payload in ["{\"temperature\": ", "NaN", "{\"temperature\": \"warm\"}", String(repeating: "9", count: 400)] {
      try publish(payload, stage)
    }
    try await eventually(within: 30, "both are told") {
      let names = Set(try judge.messages("events").flatMap(\.records).compactMap { $0["name"] as? String })
      return names.isSuperset(of: ["wrong-serial", "payload-malformed"])
    }
    try await eventually(within: 20, "the sensor recovers") {
      try await stage.client.site().devices.first { $0.id == "cellar" }?.state == "ok"
    }
    let site = try await stage.client.site()
    #expect(site.journal.committedRecords > 0)
    let truth = try Truth.read(stage.truthFile)
    #expect(truth.count > 3)
    #expect(truth.allSatisfy { $0.writes == 0 }, "nothing may be written to the inverter")
    stage.stopAgent()
    #expect(Ledger(try judge.messages()).holes.isEmpty)
  }

  /// A bus on which nobody answers delays nobody else.
  @Test(.timeLimit(.minutes(2))) func aSilentBusHoldsUpNobody() async throws {
    var options = Scenario.options()
    // 192.0.2.0/24 is reserved for documentation; a closed port of loopback answers at once, so the silent
    // bus is a listener that swallows everything.
    let silent = try SilentListener()
    options.edit = { $0.replacing("127.0.0.1:15022", with: "127.0.0.1:\(silent.port)") }
    let stage = try SiteStage(options)
    defer { Scenario.clear(stage) }
    try stage.startSimulator()
    try stage.startAgent()
    try await eventually(within: 30, "the others are read") {
      guard let site = try? await stage.client.site() else { return false }
      return site.devices.first { $0.id == "hybrid" }.map { $0.samples > 5 } ?? false
    }
    try await Scenario.sleep(5)
    let site = try await stage.client.site()
    let hybrid = try #require(site.devices.first { $0.id == "hybrid" })
    #expect((hybrid.ageMs ?? .max) < 2500)
    #expect(site.devices.first { $0.id == "grid-meter" }?.state == "never answered")
    #expect(site.balance.gridPowerW == nil && site.balance.loadPowerW == nil)
    #expect(site.cycle.worstLatenessMs < 200)
  }

  private func publish(_ payload: String, _ stage: SiteStage) throws {
    let child = try ChildProcess(
      "mosquitto_pub",
      ["-h", "127.0.0.1", "-p", "\(stage.broker.port)", "-t", "home/cellar/climate", "-m", payload])
    child.wait()
    #expect(child.wait() == 0)
  }
}
