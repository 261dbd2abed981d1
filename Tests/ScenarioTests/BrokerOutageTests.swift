import EnergyModel
import Foundation
import SiteClient
import SiteStage
import TestKit
import Testing

extension Scenarios {
  /// 00:00  site runs, uplink live
  /// 00:08  the aggregator's broker stops
  /// 00:28  it starts again
  /// then   every committed record arrives, in order within a lane, once by (epoch, seq), live first
  @Test(.timeLimit(.minutes(3))) func brokerOutageOfTwentySeconds() async throws {
    var options = Scenario.options()
    options.separatesBrokers = true
    // Short, so that twenty seconds make a backlog for the backfill lane.
    options.edit = { $0.replacing("mqtt: \"tcp://", with: "live_window: 6 s, mqtt: \"tcp://") }
    let stage = try SiteStage(options)
    defer { Scenario.clear(stage) }
    let judge = try UplinkJudge(port: stage.aggregator.port, folder: stage.folder)
    try await Scenario.start(stage)
    try await eventually(within: 30, "first acknowledgement") {
      try await stage.client.site().uplinks[0].acknowledgedRecords > 0
    }

    stage.aggregator.stop()
    try await eventually(within: 15, "the agent notices") { try await !stage.client.site().uplinks[0].connected }
    try await Scenario.sleep(20)
    let backlog = try await stage.client.site().uplinks[0].backlogRecords
    #expect(backlog > 20, "the outage must have left something to send")
    let before = try judge.messages().count
    try stage.aggregator.start()
    var committed = CommittedLogs()
    try committed.read(stage)
    #expect(committed.last.count == 2, "a telemetry and an event log: \(committed.last)")
    try await eventually(within: 90, "every committed record arrives") {
      committed.missing(in: Ledger(try judge.messages())).isEmpty
    }
    stage.stopAgent()
    try await Scenario.sleep(1)

    let messages = try judge.messages()
    let ledger = Ledger(messages)
    #expect(ledger.malformed.isEmpty, "\(ledger.malformed)")
    #expect(ledger.contradictions.isEmpty, "\(ledger.contradictions)")
    #expect(ledger.holes.isEmpty, "\(ledger.holes)")
    let after = messages[before...].filter { !$0.records.isEmpty }
    let firstLive = try #require(after.firstIndex { $0.topic.hasSuffix("/telemetry") })
    let firstBackfill = try #require(after.firstIndex { $0.topic.hasSuffix("/backfill") })
    #expect(firstLive < firstBackfill, "live first")
    for lane in ["telemetry", "backfill", "events"] {
      expectOrder(after.filter { $0.topic.hasSuffix("/" + lane) }, lane)
    }
  }

  /// Ascending within the lane for each epoch, once repetitions are taken out.
  private func expectOrder(_ messages: [UplinkJudge.Message], _ lane: String) {
    var highest: [String: UInt64] = [:]
    var seen = Set<String>()
    for message in messages where seen.insert("\(message.epoch) \(message.first)").inserted {
      #expect(message.first > highest[message.epoch] ?? 0, "\(lane) \(message.first) came late")
      highest[message.epoch] = message.last
    }
  }
}
