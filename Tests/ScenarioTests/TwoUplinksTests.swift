import EnergyModel
import Foundation
import SiteClient
import SiteStage
import TestKit
import Testing

extension Scenarios {
  /// 00:00  two brokers: one takes every reading, the other averages of a second, by point
  /// 00:05  the second hangs: it accepts connections and swallows everything
  /// 00:20  the first has what is committed all the same; the second goes on
  /// then   each has the whole of its own logs, once by (epoch, seq), and nothing of the other's
  @Test(.timeLimit(.minutes(3))) func aHungUplinkHoldsTheOtherUpInNothing() async throws {
    let owner = try TestBroker(isPersistent: true)
    defer { owner.stop() }
    var options = Scenario.options()
    options.separatesBrokers = true
    options.edit = { text in
      let second = "  owner: {mqtt: \"tcp://127.0.0.1:\(owner.port)\", log: {average: 1 s, only: [power_w, energy_*]}}"
      return text.replacing("\njournal:", with: second + "\n\njournal:")
    }
    let stage = try SiteStage(options)
    defer { Scenario.clear(stage) }
    let judges = [
      try UplinkJudge(port: stage.aggregator.port, folder: stage.folder),
      try UplinkJudge(port: owner.port, folder: stage.folder),
    ]
    try await Scenario.start(stage)
    try await eventually(within: 30, "both have acknowledged something") {
      let uplinks = try await stage.client.site().uplinks
      return uplinks.count == 2 && uplinks.allSatisfy { $0.acknowledgedRecords > 0 }
    }
    owner.freeze()
    try await Scenario.sleep(15)
    let uplinks = try await stage.client.site().uplinks
    #expect(uplinks[0].backlogRecords < 40, "at most what two commits hold")
    #expect(uplinks[1].backlogRecords > 20)
    owner.thaw()
    var committed = CommittedLogs()
    try committed.read(stage)
    #expect(committed.last.count == 3, "two telemetry logs and the event log: \(committed.last)")
    try await eventually(within: 60, "the second catches up, and every committed record is with somebody") {
      let ledgers = try judges.map { Ledger(try $0.messages()) }
      let counts = Set(committed.last.keys).map { epoch in
        ledgers.filter { $0.received[epoch]?.contains(SequenceRange(1, committed.last[epoch] ?? 1)) == true }.count
      }
      // The event log goes to both.
      return counts.sorted() == [1, 1, 2]
    }
    stage.stopAgent()
    for judge in judges {
      let ledger = Ledger(try judge.messages())
      #expect(ledger.malformed.isEmpty && ledger.contradictions.isEmpty && ledger.holes.isEmpty)
      #expect(ledger.logs.values.sorted() == ["events", "telemetry"])
    }
    try expectAverages(try judges[1].messages())
  }

  private func expectAverages(_ messages: [UplinkJudge.Message]) throws {
    let records = messages.filter { $0.header["log"] as? String == "telemetry" }.flatMap(\.records)
    #expect(records.count > 20)
    for record in records {
      let time = try #require(record["t"] as? NSNumber).int64Value
      let span = try #require(record["span_ms"] as? NSNumber).int64Value
      // All but the first and the last, which the start and the stop shorten.
      #expect(span == 1000 ? time % 1000 == 0 : span < 1000)
      let values = try #require(record["values"] as? [String: Any])
      #expect(values.keys.allSatisfy { $0 == "power_w" || $0.hasPrefix("energy_") })
    }
    #expect(records.count { ($0["span_ms"] as? NSNumber)?.intValue == 1000 } > 20)
  }
}
