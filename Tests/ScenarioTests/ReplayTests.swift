import EnergyModel
import Foundation
import SiteClient
import SiteStage
import TestKit
import Testing

extension Scenarios {
  /// 00:00  site runs, uplink live, everything acknowledged
  /// then   the receiver asks for a segment again, and for one of a log that nobody has
  /// then   the first comes again, word for word, the second is refused and told as an event
  @Test(.timeLimit(.minutes(2))) func aReceiverAsksAgain() async throws {
    let stage = try SiteStage(Scenario.options())
    defer { Scenario.clear(stage) }
    let judge = try UplinkJudge(port: stage.aggregator.port, folder: stage.folder)
    try await Scenario.start(stage)
    try await eventually(within: 30, "two segments are acknowledged") {
      try await stage.client.site().uplinks[0].acknowledgedRecords > 0 && judge.messages("telemetry").count >= 2
    }
    let wanted = try judge.messages("telemetry")[0]
    let topic = wanted.topic.split(separator: "/").dropLast().joined(separator: "/")
    func ask(_ epoch: String) throws {
      let request = #"{"epoch":"\#(epoch)","ranges":[[\#(wanted.first),\#(wanted.last)]]}"#
      try ChildProcess(
        "mosquitto_pub",
        ["-h", "127.0.0.1", "-p", "\(stage.aggregator.port)", "-q", "1", "-t", topic + "/replay", "-m", request]
      ).wait()
    }
    try ask(wanted.epoch)
    try ask("00000000000000aa")

    func copies() throws -> [UplinkJudge.Message] {
      try judge.messages().filter {
        !$0.records.isEmpty && $0.epoch == wanted.epoch && $0.first <= wanted.first && $0.last >= wanted.last
      }
    }
    try await eventually(within: 20, "it comes again") { try copies().count >= 2 }
    let ledger = Ledger(try judge.messages())
    #expect(ledger.contradictions.isEmpty, "\(ledger.contradictions)")
    try await eventually(within: 20, "the other one is refused") {
      try judge.messages("events").flatMap(\.records).contains { $0["name"] as? String == "replay-refused" }
    }
  }
}
