import EnergyDispatch
import EnergyModel
import Testing

@testable import SiteConfig

/// What an uplink's logs record, as it is written and as the journal takes it.
@Suite struct LogChoiceTests {
  private func uplink(_ text: String) throws -> SiteConfiguration.Uplink {
    let base = TestFiles.text("base.yaml")
    let changed = base.replacing("live_window: 30 s", with: text)
    #expect(changed != base)
    let site = try ConfigurationLoader.load(text: changed, name: "base.yaml", profileFolders: [TestFiles.profiles])
      .get()
    return try #require(site.uplinks.first)
  }

  private func choice(_ text: String) throws -> String {
    let logs = try uplink("log: \(text)").logs
    #expect(logs.map(\.name) == ["telemetry"])
    return logs.map(\.choice.description).joined()
  }

  @Test func unlessWritten() throws {
    let uplink = try uplink("live_window: 20 s")
    #expect(uplink.logs == [LogPlan()])
    #expect(uplink.acknowledgedBy == .broker)
    #expect(uplink.backfillRate == 125_000)
    #expect(uplink.monthlyData == nil)
    #expect(uplink.tellsForecast)
    #expect(try self.uplink("forecast: no").tellsForecast == false)
    #expect(try self.uplink("forecast: yes").tellsForecast)
  }

  @Test func whatItMayAskFor() throws {
    #expect(try self.uplink("live_window: 20 s").authority == Authority())
    #expect(
      try self.uplink("may: {battery-power: 5 kW, shed: [boiler], reserve: yes}").authority
        == Authority(batteryPower: 5000, shed: ["boiler"], mayRaiseReserve: true))
    #expect(try self.uplink("may: {battery-power: 2 kW, reserve: no}").authority == Authority(batteryPower: 2000))
  }

  @Test func oneRule() throws {
    #expect(try choice("raw") == "raw: all")
    // As the shape of a configuration has it.
    #expect(
      try choice("{average: 10 s, only: [power_w, soc_percent, energy_*]}")
        == "average 10000 ms: energy_export_wh,energy_import_wh,energy_produced_wh,power_w,soc_percent")
    #expect(try choice("{average: 15 min}") == "average 900000 ms: all")
    #expect(try choice("{on_change: any}") == "change 0.0 900000 ms: all")
    #expect(
      try choice("{on_change: 0.05 kW, at_least_every: 1 min, only: [power_w, pv_power_w]}")
        == "change 50.0 60000 ms: power_w,pv_power_w")
    #expect(
      try choice("{on_change: 0.5 V, only: [voltage_l*]}")
        == "change 0.5 900000 ms: voltage_l1_v,voltage_l2_v,voltage_l3_v")
    #expect(try choice("{raw: yes, only: [\"*_hz\"]}") == "raw: frequency_hz")
  }

  @Test func byPointTheFirstThatMatches() throws {
    #expect(
      try choice("[{on_change: 20 mHz, only: [frequency_hz]}, {average: 1 min, only: [\"*_hz\", power_w]}, raw]")
        == "change 0.02 900000 ms: frequency_hz; average 60000 ms: frequency_hz,power_w; raw: all")
  }

  @Test func severalLogsAndTheRest() throws {
    let uplink = try uplink(
      "logs: {fast: {average: 1 s, only: [power_w]}, slow: {average: 15 min}}, acknowledge: receiver, "
        + "backfill: 1 MB/s, monthly_data: 500 MB")
    #expect(uplink.logs.map(\.name) == ["fast", "slow"])
    #expect(uplink.logs.map(\.choice.description) == ["average 1000 ms: power_w", "average 900000 ms: all"])
    #expect(uplink.acknowledgedBy == .receiver)
    #expect(uplink.backfillRate == 1_000_000)
    #expect(uplink.monthlyData == 500_000_000)
  }

  @Test func theJournal() throws {
    let text = TestFiles.text("base.yaml").replacing(
      "when_full: drop-oldest, commit_interval: 2 s", with: "when_full: thin-oldest, retention: 90 d")
    let site = try ConfigurationLoader.load(text: text, name: "base.yaml", profileFolders: [TestFiles.profiles]).get()
    #expect(site.journal.whenFull == .thinOldest)
    #expect(site.journal.retention == .seconds(90 * 86_400))
  }

  @Test func everyPointIsInItsUnit() throws {
    let bands: [(String, String)] = [
      ("1 W", "power_w"), ("1 Wh", "energy_*"), ("1 V", "pv1_voltage_v"), ("1 A", "current_*"),
      ("1 %", "soc_percent"), ("1 °C", "temperature_c"), ("1 var", "reactive_power_var"),
      ("1 VA", "apparent_power_va"), ("1 W/m2", "irradiance_w_m2"), ("1 Hz", "frequency_hz"),
    ]
    for (band, points) in bands {
      #expect(try choice("{on_change: \(band), only: [\(points)]}").hasPrefix("change 1.0 "), "\(points)")
    }
  }
}
