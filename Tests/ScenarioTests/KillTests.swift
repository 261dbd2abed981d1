import EnergyModel
import Foundation
import SiteClient
import SiteStage
import TestKit
import Testing

extension Scenarios {
  /// The agent is killed with SIGKILL at ten seeded moments, some while it starts, some in mid-commit.
  /// Afterwards, judged from outside: no committed record is lost, seq is dense, none used twice, the lost
  /// time is announced. The last time it stays away longer than the inverter's timer, which reverts.
  @Test(.timeLimit(.minutes(5))) func killedTenTimes() async throws {
    var options = Scenario.options()
    options.edit = {
      Scenario.withoutCrashGuard($0).replacing("budget: 200 MB", with: "budget: 200 MB, commit_interval: 1 s")
    }
    let profiles = try Scenario.profiles(reversion: "6 s")
    defer { try? FileManager.default.removeItem(at: profiles) }
    options.profiles = profiles
    let stage = try SiteStage(options)
    defer { Scenario.clear(stage) }
    let judge = try UplinkJudge(port: stage.broker.port, folder: stage.folder)
    try await Scenario.start(stage)

    // Another seed every time; a failure names it.
    let seed = UInt64.random(in: 0...999_999)
    var random = SplitMix64(seed: seed)
    var committed = CommittedLogs()
    for _ in 0..<10 {
      try await Scenario.sleep(Double.random(in: 0.5...4.5, using: &random))
      stage.killAgent()
      try committed.read(stage)
      try stage.startAgent()
    }
    try await Scenario.waitForControl(stage)
    #expect(try await stage.client.site().journal.boot == 11, "seed \(seed)")

    stage.killAgent()
    try committed.read(stage)
    let before = try #require(Truth.read(stage.truthFile).last).reversions
    try await eventually(within: 15, "the inverter reverts") {
      let truth = try #require(Truth.read(stage.truthFile).last)
      return truth.reversions > before && truth.storage_control == 0
    }
    try stage.startAgent()
    try await Scenario.waitForControl(stage)
    try await eventually(within: 60, "every record that was ever committed arrives, seed \(seed)") {
      committed.missing(in: Ledger(try judge.messages())).isEmpty
    }
    stage.stopAgent()
    try await Scenario.sleep(1)
    try judgeRecords(judge, restarts: 11, context: "seed \(seed)")
  }

  private func judgeRecords(_ judge: UplinkJudge, restarts: Int, context: String) throws {
    let messages = try judge.messages()
    let ledger = Ledger(messages)
    #expect(ledger.malformed.isEmpty, "\(ledger.malformed), \(context)")
    #expect(ledger.contradictions.isEmpty, "\(ledger.contradictions), \(context)")
    #expect(ledger.holes.isEmpty, "\(ledger.holes), \(context)")
    #expect(ledger.logs.values.sorted() == ["events", "telemetry"], "no log was begun anew: \(ledger.logs)")

    // Every stretch without telemetry is covered by a gap record, but for the commit interval itself.
    let events = messages.filter { $0.header["log"] as? String == "events" }.flatMap(\.records)
    let gaps = events.filter { $0["kind"] as? String == "gap" }.compactMap { record -> ClosedRange<Int64>? in
      guard let from = (record["from"] as? NSNumber)?.int64Value, let to = (record["to"] as? NSNumber)?.int64Value,
        from <= to
      else { return nil }
      return from...to
    }
    #expect(Set(gaps).count == restarts, "one gap for each restart: \(gaps.count), \(context)")
    let times = try judge.times(of: "grid-meter")
    #expect(times.count > 5)
    for (a, b) in zip(times, times.dropFirst()) where b - a > 2500 {
      let isAnnounced = gaps.contains { $0.lowerBound <= a + 1500 && $0.upperBound >= b - 1500 }
      #expect(isAnnounced, "nothing was said of \(a)…\(b), \(context)")
    }
  }
}
