import Foundation
import SiteClient
import SiteStage
import TestKit
import Testing

extension Scenarios {
  /// 00:00  the battery takes what the sun gives
  /// 00:10  the aggregator asks the batteries to rest for ten minutes: they do within seconds, and the answer comes
  /// 00:15  the agent is killed; back again it goes on where it was, without being told anew
  /// 00:25  the same command comes again: it is answered alike; one beyond what the aggregator may is
  ///        refused, and a new one takes its place
  @Test(.timeLimit(.minutes(3))) func aCommandOutlivesTheAgent() async throws {
    var options = Scenario.options()
    options.edit = {
      $0.replacing(
        #"vpp: {mqtt: "tcp://127.0.0.1:18830"}"#,
        with: #"vpp: {mqtt: "tcp://127.0.0.1:18830", may: {battery-power: 3 kW}}"#)
    }
    let stage = try SiteStage(options)
    defer { Scenario.clear(stage) }
    let judge = try UplinkJudge(port: stage.aggregator.port, folder: stage.folder)
    try await Scenario.start(stage)
    try await eventually(within: 20, "the battery charges") { try truth(stage).battery_w < -300 }

    let rest = command("rest", 1, power: 0)
    try publish(stage, rest)
    try await eventually(within: 10, "the answer, log: \(stage.agentLog)") {
      try answers(judge) == ["rest accepted"]
    }
    try await eventually(within: 15, "the battery rests") { try abs(truth(stage).battery_w) < 100 }
    #expect(try await stage.client.site().decision?.sentence.contains("vpp wants the batteries to rest") == true)

    stage.killAgent()
    try stage.startAgent()
    try await Scenario.waitForControl(stage)
    #expect(try await stage.client.site().decision?.sentence.contains("vpp wants the batteries to rest") == true)
    try await Scenario.sleep(3)
    for truth in try Truth.read(stage.truthFile).suffix(3) { #expect(abs(truth.battery_w) < 100, "\(truth.battery_w)") }

    try publish(stage, rest)
    try publish(stage, command("over", 2, power: 3001))
    try publish(stage, command("new", 3, power: 1000))
    let expected = ["rest accepted", "rest accepted", "over refused", "new accepted", "rest superseded"]
    try await eventually(within: 15, "all answers, so far \(try answers(judge))") { try answers(judge) == expected }
    try await eventually(within: 15, "the event log has them, so far \(try results(judge))") {
      try results(judge) == [expected[0]] + expected[2...]
    }
  }

  /// 00:00  the battery is full enough and the sun shines: the site exports
  /// 00:10  the grid operator limits the export to 500 W, by an uplink's channel: the inverter is held down within seconds
  /// 00:20  the agent is killed and comes back: the limit holds from its first decision on
  /// 00:30  the release: the site exports again
  @Test(.timeLimit(.minutes(3))) func aLegalLimitOutlivesTheAgent() async throws {
    var options = Scenario.options()
    options.simulator = options.simulator.map { $0 == "55" ? "94.5" : $0 }
    options.edit = { text in
      text.replacing(
        "\nstrategy:",
        with:
          "\nchannels:\n  dso: {class: legal, uplink: vpp, failsafe: {export: 4 kW}, may: {export: 0 W}}\n\nstrategy:",
        maxReplacements: 1)
    }
    let stage = try SiteStage(options)
    defer { Scenario.clear(stage) }
    let judge = try UplinkJudge(port: stage.aggregator.port, folder: stage.folder)
    try await Scenario.start(stage)
    try publish(stage, order("release-1", 1, "release", #""parameters":{"channel":"dso"}"#))
    try await eventually(within: 10, "the first word") { try answers(judge) == ["release-1 executed"] }
    try await eventually(within: 40, "it exports") { try truth(stage).grid_w < -1500 }

    try publish(
      stage,
      order("limit-1", 2, "limit", #""duration_s":600,"parameters":{"channel":"dso","export_power_w":500}"#))
    try await eventually(within: 20, "it is held down, is \(try truth(stage).grid_w)") {
      try truth(stage).grid_w > -600
    }
    try await Scenario.sleep(3)
    let held = try truth(stage).t
    stage.killAgent()
    try stage.startAgent()
    try await Scenario.waitForControl(stage)
    try await Scenario.sleep(5)
    let since = try Truth.read(stage.truthFile).filter { $0.t >= held }
    #expect(since.count > 5)
    for truth in since { #expect(truth.grid_w > -700, "\(truth.grid_w)") }

    try publish(stage, order("release-2", 3, "release", #""parameters":{"channel":"dso"}"#))
    let expected = ["release-1 executed", "limit-1 accepted", "release-2 executed", "limit-1 executed"]
    try await eventually(within: 15, "all answers, so far \(try answers(judge))") { try answers(judge) == expected }
    try await eventually(within: 60, "it exports again") { try truth(stage).grid_w < -1200 }
  }

  private func truth(_ stage: SiteStage) throws -> Truth { try #require(Truth.read(stage.truthFile).last) }

  private func answers(_ judge: UplinkJudge) throws -> [String] {
    try judge.messages("command/result").map { "\($0.header["id"] ?? "?") \($0.header["outcome"] ?? "?")" }
  }

  /// What the event log says of commands.
  private func results(_ judge: UplinkJudge) throws -> [String] {
    try judge.events().filter { $0["kind"] as? String == "result" }.map { "\($0["id"] ?? "?") \($0["outcome"] ?? "?")" }
  }

  private func publish(_ stage: SiteStage, _ text: String) throws {
    let child = try ChildProcess(
      "mosquitto_pub",
      [
        "-h", "127.0.0.1", "-p", "\(stage.aggregator.port)", "-q", "1", "-t", "holdfast/v1/mill-lane-4/command", "-m",
        text,
      ], output: stage.folder.appendingPathComponent("publish.log"))
    #expect(child.wait() == 0)
  }

  private func command(_ id: String, _ counter: Int, power: Int) -> String {
    order(id, counter, "battery-power", #""duration_s":600,"parameters":{"power_w":\#(power)}"#)
  }

  private func order(_ id: String, _ counter: Int, _ kind: String, _ rest: String) -> String {
    let now = Int64(Date().timeIntervalSince1970 * 1000)
    return #"{"v":1,"id":"\#(id)","site":"mill-lane-4","issuer":"desk-4","counter":\#(counter),"issued":\#(now),"#
      + #""kind":"\#(kind)",\#(rest)}"#
  }
}
