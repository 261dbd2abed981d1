import EnergyDispatch
import EnergyModel
import Forecasting
import Synchronization
import TestKit
import Testing

@testable import Gateway

/// What the observer tells the uplinks of the coming quarter hours.
@Suite struct SiteObserverTests {
  private final class NoStore: StateStore {
    func save(_ bytes: [UInt8], under key: String) {}
    func load(_ key: String) async throws -> [UInt8]? { nil }
  }

  private let time = ManualTime()
  private let site = SiteState()
  private let reports = ForecastBoard()
  private let observer: SiteObserver

  /// Two days of history: 400 W of house, 1 kW of sun, every eighth quarter hour 800 W and 2 kW.
  init() {
    let begin = ManualTime().now().wall
    var saved = "holdfast quarter-hours 1\n"
    for index in -192..<0 {
      let isHigh = index % 8 == 0 && index >= -96
      saved += "\(begin.milliseconds + Int64(index) * 900_000) \(isHigh ? 800 : 400) \(isHigh ? 2000 : 1000)\n"
    }
    let battery = SiteParameters.Battery(
      usable: WattHours(10_000), socWindow: 10...95, gridCharging: .never, maximumCharge: Watts(5000),
      maximumDischarge: Watts(5000))
    let parameters = SiteParameters(
      mode: .control, gridMeter: .init(device: "meter"),
      hybrids: [
        .init(
          device: "hybrid", acLimit: Watts(10_000), pvPeak: Watts(9800), battery: battery,
          batteryReversion: .seconds(60), productionReversion: .seconds(60))
      ], loads: [], fuse: .init(phases: 3, rating: Amperes(35)), baseLoad: Watts(500), feedIn: nil,
      reserve: Percent(20), economics: ["self-consumption"])
    observer = SiteObserver(
      site: site, board: ControlBoard(), parts: BalanceParts(gridMeter: "meter", inverters: ["hybrid"]),
      control: parameters, forecaster: PersistenceForecaster(zone: .utc, saved: Array(saved.utf8)), reports: reports,
      time: time, store: NoStore())
  }

  /// So many seconds, one look each.
  private func look(_ seconds: Int, isHeard: Bool = true) {
    for _ in 0..<seconds {
      let now = time.now()
      if isHeard {
        site.accept(
          Sample(
            device: "meter", measured: now,
            readings: [
              Reading(.power, -600), Reading(.currentL1, 0), Reading(.currentL2, 0), Reading(.currentL3, 0),
            ]))
        site.accept(
          Sample(
            device: "hybrid", measured: now,
            readings: [Reading(.power, 1000), Reading(.pvPower, 1000), Reading(.batteryPower, 0), Reading(.soc, 60)]))
      }
      observer.look()
      time.advance(by: .seconds(1))
    }
  }

  @Test func aDayIsForecastAndTheBatteryIsOnOffer() throws {
    look(10)
    #expect(reports.report() == nil, "devices have ten seconds to answer")
    look(1)
    let report = try #require(reports.report())
    #expect(report.start == ManualTime().now().wall + .seconds(900))
    #expect(report.at.wall == ManualTime().now().wall + .seconds(10))
    #expect(report.series.map(\.quantity) == ["load", "pv"] && report.series.allSatisfy { $0.steps.count == 96 })
    #expect(report.series[0].steps[0] == .init(power: 400, interval: 400...800))
    #expect(report.series[1].steps[7] == .init(power: 2000, interval: 2000...3000))
    // 60 % are 3420 Wh above 22 %; the house may take 800 W − 0 W in each quarter hour.
    #expect(report.up.first?.power == 4500)
    #expect(report.down.first?.power == 200, "1 kW of sun less 800 W of house")
    // The page and control see the same forecast of the coming quarter hour.
    #expect(observer.forecast?.start == report.start && observer.forecast?.load.power == Watts(400))
  }

  @Test func aQuarterHourLaterItSpeaksOfTheNextOne() throws {
    look(905)
    #expect(reports.report()?.start == ManualTime().now().wall + .seconds(1800))
    #expect(observer.forecast?.start == ManualTime().now().wall + .seconds(1800))
  }

  @Test func silentDevicesOfferNothing() throws {
    look(30)
    #expect(reports.report()?.up.isEmpty == false)
    look(10, isHeard: false)
    let report = try #require(reports.report())
    #expect((report.up + report.down).allSatisfy { $0 == .nothing })
    #expect(report.series[0].steps[0].power == 400, "what is expected does not depend on it")
  }

  @Test func withoutATrustedClockNothingIsSaid() throws {
    look(30)
    time.trustClock(false)
    look(6)
    let report = try #require(reports.report())
    #expect(!report.at.isClockTrusted && report.series.isEmpty && report.up.isEmpty && report.down.isEmpty)
  }
}
