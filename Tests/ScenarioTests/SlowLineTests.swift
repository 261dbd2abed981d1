import Foundation
import SiteClient
import SiteStage
import TestKit
import Testing

extension Scenarios {
  /// 00:00  fifty-one meters at 1 s, commits every 4 s, a line of 2 Mbit/s and 200 ms there and back
  /// 00:20  the line goes dead without a word
  /// 01:20  it is back; the backlog drains beside the live data
  ///        every record arrives, and after the reconnection live data is younger than 6 s in 99 of 100 cases
  @Test(.timeLimit(.minutes(5))) func liveDataStaysYoungOnASlowLine() async throws {
    var options = Scenario.options()
    options.separatesBrokers = true
    options.meters = 50
    options.line = FaultProxy.Shape(bitsPerSecond: 2_000_000, delay: .milliseconds(100))
    options.edit = { $0.replacing("mqtt: \"tcp://", with: "live_window: 10 s, mqtt: \"tcp://") }
    let stage = try SiteStage(options)
    defer { Scenario.clear(stage) }
    let judge = try UplinkJudge(port: stage.aggregator.port, folder: stage.folder)
    let arrivals = try Arrivals(port: stage.aggregator.port, folder: stage.folder)
    let line = try #require(stage.line)
    try await Scenario.start(stage)
    try await Scenario.sleep(15)

    line.set(.blackHole)
    try await Scenario.sleep(60)
    line.set(.pass)
    try await eventually(within: 70, "the link is back") { try await stage.client.site().uplinks[0].connected }
    let reconnected = Date()
    var committed = CommittedLogs()
    try committed.read(stage)
    try await eventually(within: 120, "every record arrives") {
      try await Scenario.sleep(2)
      return committed.missing(in: Ledger(try judge.messages())).isEmpty
    }
    let backfill = try judge.messages("backfill")
    #expect(backfill.reduce(0) { $0 + $1.records.count } > 1000, "there must have been a backlog")

    // What waited for the connection itself comes first and is as old as that. The backlog may be through before there was any
    // other, so that live data is awaited on its own.
    let settled = reconnected.addingTimeInterval(5)
    try await eventually(within: 60, "live data goes on") { try arrivals.ages(after: settled).count > 200 }
    let ages = try arrivals.ages(after: settled).sorted()
    let oldest = try #require(ages.isEmpty ? nil : ages[ages.count * 99 / 100])
    print("live data on arrival: \(ages[ages.count / 2]) s (median), \(oldest) s (99 %) of \(ages.count) records")
    #expect(oldest < 6)
  }
}

/// When live telemetry arrived: a subscriber that notes the time.
private final class Arrivals {
  private let file: URL
  private let subscriber: ChildProcess

  init(port: Int, folder: URL) throws {
    file = folder.appendingPathComponent("arrivals.txt")
    subscriber = try ChildProcess(
      "mosquitto_sub", ["-h", "127.0.0.1", "-p", "\(port)", "-q", "1", "-t", "holdfast/v1/+/telemetry", "-F", "%U %p"],
      output: file)
  }

  deinit { subscriber.kill() }

  private struct Telemetry: Decodable {
    struct Record: Decodable { var t: Double }
    var records: [Record]
  }

  /// How old each record was when it arrived, s.
  func ages(after moment: Date) throws -> [Double] {
    let text = try String(contentsOf: file, encoding: .utf8)
    return text.split(separator: "\n").flatMap { line -> [Double] in
      let parts = line.split(separator: " ", maxSplits: 1)
      guard parts.count == 2, let arrived = Double(parts[0]), arrived > moment.timeIntervalSince1970,
        let telemetry = try? JSONDecoder().decode(Telemetry.self, from: Data(parts[1].utf8))
      else { return [] }
      return telemetry.records.map { arrived - $0.t / 1000 }
    }
  }
}
