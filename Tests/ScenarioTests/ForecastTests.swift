import Foundation
import GRDB
import SiteClient
import SiteStage
import TestKit
import Testing

extension Scenarios {
  /// 00:00  site runs for the first time: nothing is forecast, the battery is on offer for the next quarter hour
  /// then   a receiver that comes later gets it as well, because the broker keeps it
  /// then   the site has two days of history: a day is forecast, with intervals
  @Test(.timeLimit(.minutes(3))) func theForecastWaitsAtTheBroker() async throws {
    let stage = try SiteStage(Scenario.options())
    defer { Scenario.clear(stage) }
    try await Scenario.start(stage)
    try await Scenario.sleep(12)
    let judge = try UplinkJudge(port: stage.aggregator.port, folder: stage.folder)
    try await eventually(within: 10, "a retained forecast") { try !judge.messages("forecast").isEmpty }
    let first = try #require(try judge.messages("forecast").first).header
    #expect(series(first, "load").isEmpty && series(first, "pv").isEmpty)
    #expect(offer(first, "up").count == 1, "\(first)")
    let up = try #require(offer(first, "up").first)
    // 55 % of 10.2 kWh above 22 %, at 90 %, less what the house may have taken; and at most 6 kW · 0.9 and a load.
    #expect(up > 300 && up <= 8400, "\(first)")
    let made = try #require(first["t"] as? Double)
    let start = try #require(first["start"] as? Double)
    #expect(start > made && start <= made + 900_000)

    stage.stopAgent()
    try remember(in: stage.database, until: Int64(start) - 900_000)
    try stage.startAgent()
    try await Scenario.waitForControl(stage)
    try await eventually(within: 30, "a day ahead") {
      try judge.messages("forecast").last.map { series($0.header, "load").count > 90 } ?? false
    }
    let second = try #require(try judge.messages("forecast").last).header
    #expect(series(second, "load").allSatisfy { $0 == 700 } && series(second, "pv").allSatisfy { $0 == 0 })
    #expect(try await stage.client.site().decision?.safeState == false)
  }

  private func series(_ forecast: [String: Any], _ quantity: String) -> [Double?] {
    let all = forecast["forecasts"] as? [[String: Any]] ?? []
    return (all.first { $0["quantity"] as? String == quantity }?["power_w"] as? [Any] ?? []).map { $0 as? Double }
  }

  private func offer(_ forecast: [String: Any], _ direction: String) -> [Double] {
    let flexibility = forecast["flexibility"] as? [String: [String: [Double]]]
    return flexibility?[direction]?["power_w"] ?? []
  }

  /// Two days of 700 W and no sun, as the agent keeps them.
  private func remember(in database: URL, until end: Int64) throws {
    let lines = (1...192).map { "\(end - Int64($0) * 900_000) 700 0\n" }.joined()
    let bytes = Data(("holdfast quarter-hours 1\n" + lines).utf8)
    let queue = try DatabaseQueue(path: database.path)
    try queue.writeWithoutTransaction {
      try $0.execute(sql: "INSERT OR REPLACE INTO state VALUES('forecast', ?)", arguments: [bytes])
    }
    try queue.close()
  }
}
