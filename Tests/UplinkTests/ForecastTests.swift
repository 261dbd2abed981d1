import EnergyModel
import Foundation
import Synchronization
import TestKit
import Testing

@testable import Uplink

/// A source that says what a test tells it to.
private final class FakeForecasts: ForecastSource {
  private let kept = Mutex<ForecastReport?>(nil)
  func report() -> ForecastReport? { kept.withLock { $0 } }
  func put(_ report: ForecastReport?) { kept.withLock { $0 = report } }
}

extension Given {
  /// A report of ``Given/start``'s running quarter hour: one step of each quantity, and `up` W on offer.
  static func report(
    up: Double = 4000, after: Duration = .zero, step: Int64 = 1, trusted: Bool = true
  ) -> ForecastReport {
    let at = Moment(
      wall: start.wall + after, monotonic: start.monotonic + after, isClockTrusted: trusted)
    let load = ForecastReport.Series(
      quantity: "load",
      steps: [
        .init(power: 1830.4, interval: 900.4...3200), .init(power: nil), .init(power: 1500), .init(power: nil),
      ])
    return ForecastReport(
      at: at, start: start.wall + ForecastReport.step * step,
      series: [load, ForecastReport.Series(quantity: "pv", steps: [.init(power: nil)])],
      up: [.init(power: up, energy: up / 4), .nothing], down: [.nothing, .init(power: 700.9, energy: 99.9), .nothing])
  }
}

@Suite struct ForecastFrameTests {
  private func text(_ report: ForecastReport) -> String {
    String(decoding: ForecastFrame.payload(report, site: "mill-lane-4"), as: UTF8.self)
  }

  @Test func columnsEndWithTheLastThatSaysSomething() {
    #expect(
      text(Given.report())
        == #"{"v":1,"site":"mill-lane-4","t":1782036000000,"valid_until":1782037800000,"start":1782036900000,"#
        + #""span_ms":900000,"forecasts":[{"quantity":"load","interval_percent":80,"power_w":[1830,null,1500],"#
        + #""lower_w":[900,null,null],"upper_w":[3200,null,null]},{"quantity":"pv","interval_percent":80,"#
        + #""power_w":[],"lower_w":[],"upper_w":[]}],"flexibility":{"up":{"power_w":[4000],"energy_wh":[1000]},"#
        + #""down":{"power_w":[0,700],"energy_wh":[0,99]}}}"#)
  }

  @Test func aClockThatNobodyVouchesForTellsNoQuarterHours() {
    #expect(
      text(Given.report(trusted: false)) == #"{"v":1,"site":"mill-lane-4","t":1782036000000,"clock":"unsynced"}"#)
  }

  /// A day with intervals of both and an offer for some hours: what goes on the wire every quarter hour.
  @Test func aDayIsAFewKilobytes() throws {
    let numbers = (0..<96).map { Double($0) * 100 }
    let steps = numbers.map { ForecastReport.Expected(power: $0, interval: $0 / 2...$0 * 1.5) }
    let offers = numbers.map { ForecastReport.Offer(power: $0 / 2, energy: $0) }
    let report = ForecastReport(
      at: Given.start, start: Given.start.wall + ForecastReport.step,
      series: ["load", "pv"].map { ForecastReport.Series(quantity: $0, steps: steps) }, up: offers, down: offers)
    let payload = ForecastFrame.payload(report, site: "mill-lane-4")
    #expect((3000...6000).contains(payload.count), "\(payload.count) bytes")
    #expect(try SchemaCheck.problem(in: [("holdfast/v1/mill-lane-4/forecast", payload)]) == nil)
  }

  /// What is replaced in a right payload, by what, to make it wrong.
  @Test(arguments: [
    (#""v":1"#, #""v":2"#), (#""site":"mill-lane-4""#, #""site":"other""#), (#""t":1782036000000,"#, ""),
    (#""start":1782036900000"#, #""start":1782036900001"#), (#""start":1782036900000,"#, ""),
    (#""valid_until":1782037800000"#, #""valid_until":1782036000001"#), (#""span_ms":900000"#, #""span_ms":60000"#),
    (#""quantity":"pv""#, #""quantity":"price""#), (#"[1830,null,1500]"#, "[1830,null]"),
    (#"[1830,null,1500]"#, "[1830.5,null,1500]"), (#"[900,null,null]"#, "[-900,null,null]"),
    (#"[900,null,null]"#, "[1900,null,null]"), (#"[900,null,null]"#, "[900,5,null]"),
    (#""energy_wh":[1000]"#, #""energy_wh":[]"#), (#""power_w":[4000]"#, #""power_w":[null]"#),
    (#""up":{"#, #""sideways":{"#), (#""valid_until""#, #""clock":"unsynced","valid_until""#),
    (#""interval_percent":80"#, #""interval_percent":100"#),
  ])
  func brokenOnesAreRefused(_ old: String, _ new: String) throws {
    let right = text(Given.report())
    let broken = right.replacing(old, with: new, maxReplacements: 1)
    #expect(broken != right)
    let topic = "holdfast/v1/mill-lane-4/forecast"
    #expect(try SchemaCheck.problem(in: [(topic, Array(right.utf8))]) == nil)
    #expect(try SchemaCheck.problem(in: [(topic, Array(broken.utf8))]) != nil, "\(broken)")
  }
}

/// The uplink's side: retained, at each connection, within the month's data.
@Suite(.serialized, .schemaChecked) struct UplinkForecastTests {
  private func site(
    _ forecasts: FakeForecasts, settings: UplinkSettings = Given.settings(), states: FakeStates = FakeStates()
  ) -> Site { Site([Given.segment(1, 3)], settings: settings, states: states, forecasts: forecasts) }

  /// The powers upwards that went out so far.
  private func sent(_ site: Site) throws -> [Double?] {
    try site.link.sent("forecast").map { message in
      #expect(message.isRetained && message.qualityOfService == 1)
      let object = try JSONSerialization.jsonObject(with: Data(message.payload)) as? [String: Any]
      let flexibility = object?["flexibility"] as? [String: [String: [Double]]]
      return flexibility?["up"]?["power_w"]?.first
    }
  }

  @Test func itGoesAtEachConnectionAndWhenItChanged() async throws {
    let forecasts = FakeForecasts()
    let site = site(forecasts)
    site.link.connect()
    try await site.expect("telemetry", [1...3], "a site that expects nothing yet")
    #expect(try sent(site).isEmpty)
    forecasts.put(Given.report())
    site.time.advance(by: .seconds(1))
    site.store.commit()
    try await eventually("the first") { try sent(site) == [4000] }
    forecasts.put(Given.report(up: 2000, after: .seconds(1)))
    for second in 2...60 {
      site.time.advance(by: .seconds(1))
      site.store.commit(Given.segment(UInt64(second) * 2, UInt64(second) * 2 + 1, age: .seconds(-second)))
      try await eventually("turn \(second)") { site.link.sent("telemetry").count == second }
    }
    #expect(try sent(site) == [4000], "a minute is not over")
    site.time.advance(by: .seconds(1))
    site.store.commit()
    try await eventually("the change") { try sent(site) == [4000, 2000] }
    site.link.disconnect()
    site.link.connect()
    try await eventually("the next connection") { try sent(site) == [4000, 2000, 2000] }
    await site.stop()
  }

  @Test func withAMonthlyBudgetAChangeWaitsForAQuarterHour() async throws {
    let forecasts = FakeForecasts()
    forecasts.put(Given.report())
    let site = site(forecasts, settings: Given.settings(monthlyData: 1_000_000))
    site.link.connect()
    try await eventually("the first") { try sent(site) == [4000] }
    forecasts.put(Given.report(up: 2000, after: .seconds(899)))
    site.time.advance(by: .seconds(899))
    site.store.commit()
    try await eventually("a status after that") { site.link.sent("status").count == 2 }
    try await site.listened()
    #expect(try sent(site) == [4000])
    site.time.advance(by: .seconds(1))
    site.store.commit()
    try await eventually("the change") { try sent(site) == [4000, 2000] }
    await site.stop()
  }

  /// The site's own delay lies between: not at the turn, and a minute later certainly.
  @Test func aNewQuarterHourWaitsForTheDelayOfTheUplink() async throws {
    let forecasts = FakeForecasts()
    forecasts.put(Given.report())
    let site = site(forecasts)
    site.link.connect()
    try await eventually("the first") { try sent(site) == [4000] }
    var next = Given.report(up: 5000, after: .seconds(900), step: 2)
    next.down = [.init(power: 700.9, energy: 99.9)]
    forecasts.put(next)
    site.time.advance(by: .seconds(900))
    site.store.commit()
    try await eventually("a status after that") { site.link.sent("status").count == 2 }
    try await site.listened()
    #expect(try sent(site) == [4000], "seed 1 waits longer than nothing")
    site.time.advance(by: .seconds(60))
    site.store.commit()
    try await eventually("the next quarter hour") { try sent(site) == [4000, 5000] }
    await site.stop()
  }

  @Test func aLinkWithoutRoomGetsItLater() async throws {
    let forecasts = FakeForecasts()
    forecasts.put(Given.report())
    let site = site(forecasts)
    site.link.limit(to: 1)
    site.link.connect()
    try await eventually("status alone") { site.link.sent().map(\.topic) == ["holdfast/v1/mill-lane-4/status"] }
    #expect(try sent(site).isEmpty)
    site.link.limit(to: .max)
    site.time.advance(by: .seconds(2))
    site.store.commit()
    try await eventually("now") { try sent(site) == [4000] }
    await site.stop()
  }

  @Test func aMonthThatIsUsedUpKeepsItBackAndCountsIt() async throws {
    let states = FakeStates()
    var spent = DataBudget(limit: 100_000, zone: Given.berlin)
    spent.count(topic: "", payload: 90_000, at: Given.start)
    states.save(spent.saved(), under: "uplink-data/vpp")
    let forecasts = FakeForecasts()
    forecasts.put(Given.report())
    let site = site(forecasts, settings: Given.settings(monthlyData: 100_000), states: states)
    try await eventually("restored") { site.uplink.counters().dataBytes == 90_090 }
    site.link.connect()
    try await eventually("the status goes") { site.link.sent("status").count == 1 }
    site.time.advance(by: .seconds(61))
    site.store.commit()
    try await eventually("a minute later too") { site.link.sent("status").count == 2 }
    #expect(try sent(site).isEmpty)
    // The next month has data again.
    site.time.advance(by: .seconds(11 * 86_400))
    forecasts.put(Given.report(after: .seconds(11 * 86_400 + 61), step: 11 * 96 + 1))
    let before = site.uplink.counters().dataBytes
    site.store.commit()
    try await eventually("it goes") { try sent(site) == [4000] }
    let bytes = try #require(site.link.sent("forecast").first).payload.count
    #expect(before > site.uplink.counters().dataBytes, "counted anew")
    try await eventually("counted") { site.uplink.counters().dataBytes > UInt64(bytes) }
    await site.stop()
  }
}
