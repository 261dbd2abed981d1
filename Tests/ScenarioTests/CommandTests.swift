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
    #expect(try await stage.client.site().decision?.text.contains("vpp wants the batteries to rest") == true)

    stage.killAgent()
    try stage.startAgent()
    try await Scenario.waitForControl(stage)
    #expect(try await stage.client.site().decision?.text.contains("vpp wants the batteries to rest") == true)
    try await Scenario.sleep(3)
    for truth in try Truth.read(stage.truthFile).suffix(3) { #expect(abs(truth.battery_w) < 100, "\(truth.battery_w)") }

    try publish(stage, rest)
    try publish(stage, command("over", 2, power: 3001))
    try publish(stage, command("new", 3, power: 1000))
    let expected = ["rest accepted", "rest accepted", "over refused", "new accepted", "rest superseded"]
    try await eventually(within: 15, "all answers, so far \(try answers(judge))") { try answers(judge) == expected }
    try await eventually(within: 15, "the event log has them") {
      let results = try judge.messages("events").flatMap(\.records).filter { $0["kind"] as? String == "result" }
      return results.map { "\($0["id"] ?? "?") \($0["outcome"] ?? "?")" } == [expected[0]] + expected[2...]
    }
  }

  private func truth(_ stage: SiteStage) throws -> Truth { try #require(Truth.read(stage.truthFile).last) }

  private func answers(_ judge: UplinkJudge) throws -> [String] {
    try judge.messages("command/result").map { "\($0.header["id"] ?? "?") \($0.header["outcome"] ?? "?")" }
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
    let now = Int64(Date().timeIntervalSince1970 * 1000)
    return #"{"v":1,"id":"\#(id)","site":"mill-lane-4","issuer":"desk-4","counter":\#(counter),"issued":\#(now),"#
      + #""duration_s":600,"kind":"battery-power","parameters":{"power_w":\#(power)}}"#
  }
}
