import DeviceProfile
import EnergyDispatch
import EnergyModel
import Foundation
import TestKit
import Testing

@testable import SiteConfig

/// What comes out of a good configuration beyond the demo's, and what reading files does.
@Suite struct LoadingTests {
  private func load(_ text: String) throws -> SiteConfiguration {
    try ConfigurationLoader.load(text: text, name: "base.yaml", profileFolders: [TestFiles.profiles]).get()
  }

  /// The base with some of its text replaced.
  private func base(_ replacements: (String, String)...) throws -> SiteConfiguration {
    var text = TestFiles.text("base.yaml")
    for (old, new) in replacements {
      try #require(text.contains(old))
      text = text.replacingOccurrences(of: old, with: new)
    }
    return try load(text)
  }

  @Test func defaults() throws {
    let site = try base(
      (", mode: control", ""), (", when_full: drop-oldest, commit_interval: 2 s", ""), (", live_window: 30 s", ""))
    #expect(site.control.mode == .monitor)
    #expect(site.site.clock == .system)
    #expect(site.journal.commitInterval == .seconds(4))
    #expect(site.uplinks[0].liveWindow == .seconds(60))
    #expect(site.uplinks[0].broker.port == 1883)
    #expect(site.modbusBuses[0].endpoint == .tcp(host: "192.168.1.40", port: 502))
    #expect(site.mqttBuses[0].broker.port == 1883)
    #expect(site.modbusBuses[0].devices[0].period == .seconds(1))
  }

  /// The vendor's port, unless another is written.
  @Test func aBusWithoutAPortHasThatOfItsDevices() throws {
    let added = "{bus: home, topic: home/cellar/climate, values: {temperature_c: temperature}}"
    func roof(_ address: String, _ profile: String = "sunspec-solaredge-meter") throws -> BusEndpoint {
      try base(
        ("  home: {mqtt: 127.0.0.1}", "  roof: {modbus_tcp: \(address)}\n  home: {mqtt: 127.0.0.1}"),
        ("  cellar: \(added)", "  cellar: \(added)\n  roof: {profile: \(profile), bus: roof, unit: 1}")
      ).modbusBuses[2].endpoint
    }
    #expect(try roof("192.168.1.42") == .tcp(host: "192.168.1.42", port: 1502))
    #expect(try roof("\"192.168.1.42:502\"") == .tcp(host: "192.168.1.42", port: 502))
    #expect(try roof("192.168.1.42", "eastron-sdm120") == .tcp(host: "192.168.1.42", port: 502))
    #expect(
      try roof("192.168.1.42", "digital-input, input: 1, active: open") == .tcp(host: "192.168.1.42", port: 502))
  }

  @Test func theCrashGuardCanBeSetAndSwitchedOff() throws {
    #expect(try base().site.crashGuard == CrashGuard.Settings(crashes: 3, within: .seconds(600)))
    #expect(try base(("mode: control}", "mode: control, crash_guard: off}")).site.crashGuard == nil)
    let set = try base(("mode: control}", "mode: control, crash_guard: {crashes: 5, within: 2 min}}"))
    #expect(set.site.crashGuard == CrashGuard.Settings(crashes: 5, within: .seconds(120)))
  }

  @Test func aRelayBecomesADeviceAndALoad() throws {
    let site = try base()
    let relay = try #require(site.modbusBuses[1].devices.first { $0.id == "boiler" })
    #expect(relay.unit == 4)
    let field = RegisterField(address: .absolute(.coil, 0), type: .bit)
    #expect(relay.profile.points == [PointDefinition(.relayOn, [.init(field)])])
    let command = try #require(relay.profile.commands.first)
    #expect(command.parameters == [.relayOn])
    #expect(command.onExpiry == .hold)
    #expect(command.reversion == nil)
    let write = RegisterWrite(
      start: .absolute(.coil, 0), values: [.parameter(.relayOn, field: field, percentOf: nil)])
    #expect(command.writes == [write])
    let fridge = SiteParameters.SheddableLoad(
      device: "fridge", rated: Watts(200), priority: .max, isCritical: true, minimumOff: .seconds(600))
    let boiler = SiteParameters.SheddableLoad(
      device: "boiler", rated: Watts(3000), priority: 1, isOnWhenAgentDies: false)
    #expect(site.control.loads == [boiler, fridge])
  }

  @Test func howALoadBearsBeingShed() throws {
    let site = try base(
      (
        "shed: 1, if_agent_dies: off",
        "shed: 1, within: 5 min, starts_an_hour: 4, pick_up: 4.5 kW, phase: L2, serves: hot water"
      ))
    let boiler = SiteParameters.SheddableLoad(
      device: "boiler", rated: Watts(3000), priority: 1, startsAnHour: 4, pickUp: Watts(4500), phase: 2,
      within: .seconds(300), serves: "hot water")
    #expect(site.control.loads.first == boiler)
    #expect(try base().control.loads.first?.pickUp == Watts(3000))
  }

  /// FNV-1a of "" and "a" as its authors give them; another site, another number.
  @Test func sitesAreSpread() throws {
    #expect(SiteReader.spreadSeed(of: "") == 0xcbf2_9ce4_8422_2325)
    #expect(SiteReader.spreadSeed(of: "a") == 0xaf63_dc4c_8601_ec8c)
    #expect(try base().control.spreadSeed == SiteReader.spreadSeed(of: "mill-lane-4"))
    #expect(try base(("mill-lane-4", "mill-lane-5")).control.spreadSeed != base().control.spreadSeed)
  }

  @Test func batteryOfItsOwnSize() throws {
    let battery = try #require(try base().control.hybrids.first?.battery)
    #expect(battery.maximumCharge == Watts(5000))
    #expect(battery.maximumDischarge == Watts(10_000), "the AC rating where nothing is said")
    #expect(try base().installations.first?.batteryWear == 3)
    let cold = try base(("wear: 3 ct/kWh", "temperature: -10..45 °C"))
    #expect(cold.control.hybrids.first?.battery?.temperatureWindow == -10...45)
  }

  @Test func aBatteryWithinItsTemperaturesAndCells() throws {
    let plain = try #require(try base().control.hybrids.first?.battery)
    #expect(plain.fullPowerWindow == 5...45)
    #expect(plain.cellWindow == nil)
    #expect(plain.wear == 3)
    let fine = try base(
      ("wear: 3 ct/kWh", "temperature: -10..45 °C, full_power: 2..40 °C, efficiency: 91 %"),
      ("ac_limit: 10 kW", "ac_limit: 10 kW\n    regulates: no"))
    let hybrid = try #require(fine.control.hybrids.first)
    #expect(hybrid.battery?.fullPowerWindow == 2...40)
    #expect(hybrid.battery?.efficiency == 0.91)
    #expect(!hybrid.regulatesItself)
  }

  /// 08:00 in Berlin's winter is 07:00 UTC; at 02:30 on 25 October the clock reads that twice, and the first counts.
  @Test func whatTheOwnerWants() throws {
    let strategy = """
      strategy:
        reserve: 20 %
        rules: [tariff, peak-shaving, curtail-negative, delayed-charging, self-consumption]
        plan:
          - {from: "22:00", until: "06:00", battery: charge 3 kW}
          - {from: "06:00", until: "08:00", battery: hold}
          - {from: "20:00", until: "22:00", battery: discharge 500 W}
        outages:
          - {from: 2026-11-28 08:00, until: 2026-11-28 12:00, reserve: 80 %}
          - {from: 2026-10-25 02:30, until: 2026-10-25 04:00, reserve: 70 %}
        island: {shed_below: {1: 50 %, 2: 30.5 %}}
      tariff:
        buy: {"06:00-22:00": 34 ct/kWh, "22:00-06:00": 0.27 EUR/kWh}
        sell: {"10:00-14:00": -1 ct/kWh, "14:00-10:00": 8 ct/kWh}
      """
    let site = try base(
      ("strategy: {reserve: 20 %, rules: [self-consumption]}", strategy),
      ("  base_load: 1.5 kW", "  base_load: 1.5 kW\n  demand: {target: 8 kW, price: 12 EUR/kW}"))
    let control = site.control
    #expect(control.demand == .init(target: Watts(8000), price: 1200))
    #expect(
      control.plan == [
        .init(time: DayWindow(start: 1320, end: 360), battery: .charge(3000)),
        .init(time: DayWindow(start: 360, end: 480), battery: .hold),
        .init(time: DayWindow(start: 1200, end: 1320), battery: .discharge(500)),
      ])
    let november = Timestamp(milliseconds: 1_795_849_200_000)
    let october = Timestamp(milliseconds: 1_792_888_200_000)
    #expect(control.outages.map(\.start) == [november, october])
    #expect(control.outages.map(\.end) == [november + .seconds(4 * 3600), october + .seconds(9000)])
    #expect(control.outages.map(\.reserve) == [Percent(80), Percent(70)])
    #expect(control.island.shedBelow == [1: 50, 2: 30.5])
    #expect(control.tariff?.buyPrice(at: 0) == 27)
    #expect(control.tariff?.buyPrice(at: 360) == 34)
    #expect(control.tariff?.sellPrice(at: 700) == -1)
    #expect(control.tariff?.sellPrice(at: 840) == 8)
  }

  @Test func onePriceAllDay() throws {
    let site = try base(("loads:\n", "tariff: {buy: 30 ct/kWh, sell: 8 ct/kWh}\nloads:\n"))
    #expect(site.control.tariff == .init(buy: [.init(start: 0, end: 1440, price: 30)], sell: 8))
  }

  @Test func aSlowDeviceIsNotSilentAtOnce() throws {
    let site = try base(("measures: grid}", "measures: grid, period: 10 s}"))
    #expect(site.control.gridMeter?.maximumAge == .seconds(30))
    #expect(site.control.hybrids.first?.maximumAge == .seconds(5))
  }

  @Test func feedInInWatts() throws {
    let site = try base(("60 % of peak, stored_in: hybrid", "0 W"))
    #expect(site.control.feedIn == .init(limit: Watts(0), storedIn: nil))
  }

  @Test func sensorsInNestedPayloads() throws {
    let site = try base(
      (
        "{temperature_c: temperature}",
        "{temperature_c: {path: [climate, t], scale: 0.1, offset: -40}, humidity_percent: []}"
      ))
    #expect(
      site.mqttBuses[0].sensors[0].messages.first?.values == [
        .init(point: .temperature, path: ["climate", "t"], scale: 0.1, offset: -40),
        .init(point: .humidity, path: []),
      ])
  }

  @Test func addressesOfEveryForm() throws {
    let site = try base(
      ("modbus_tcp: 192.168.1.40", #"modbus_tcp: "[fe80::1]:1502""#), ("mqtt: 127.0.0.1", "mqtt: broker.local"))
    #expect(site.modbusBuses[0].endpoint == .tcp(host: "fe80::1", port: 1502))
    #expect(site.mqttBuses[0].broker.host == "broker.local")
  }

  @Test func filesCountFromTheConfigurationsFolder() throws {
    let folder = try TemporaryFolder.make("config")
    defer { try? FileManager.default.removeItem(at: folder) }
    try Data("secret".utf8).write(to: folder.appendingPathComponent("vpp-password"))
    try Data("pem".utf8).write(to: folder.appendingPathComponent("vpp.pem"))
    let text = TestFiles.text("base.yaml").replacingOccurrences(
      of: #"{mqtt: "tcp://vpp.example""#,
      with: #"{mqtt: "tls://vpp.example", user: box, password_file: vpp-password, certificate: vpp.pem"#)
    let file = folder.appendingPathComponent("site.yaml")
    try text.write(to: file, atomically: true, encoding: .utf8)
    let site = try ConfigurationLoader.load(file: file.path, profileFolders: [TestFiles.profiles]).get()
    #expect(
      site.uplinks[0].broker
        == .init(
          host: "vpp.example", port: 8883, user: "box", passwordFile: folder.path + "/vpp-password",
          certificate: folder.path + "/vpp.pem"))
  }

  @Test func anInstallersProfileWinsAndItsProblemsNameItsOwnFile() throws {
    let folder = try TemporaryFolder.make("profiles")
    defer { try? FileManager.default.removeItem(at: folder) }
    let file = folder.appendingPathComponent("eastron-sdm630.yaml")
    let shipped = try String(contentsOfFile: TestFiles.profiles + "/eastron-sdm630.yaml", encoding: .utf8)
    try shipped.replacingOccurrences(of: "title: Eastron", with: "title: My Eastron")
      .write(to: file, atomically: true, encoding: .utf8)
    let folders = [folder.path, TestFiles.profiles]
    let text = TestFiles.text("base.yaml")
    let site = try ConfigurationLoader.load(text: text, name: "base.yaml", profileFolders: folders).get()
    #expect(site.modbusBuses[1].devices[0].profile.title.hasPrefix("My Eastron"))

    try shipped.replacingOccurrences(of: "power_w: {input: 52", with: "power_w: {input: 70000")
      .write(to: file, atomically: true, encoding: .utf8)
    let result = ConfigurationLoader.load(
      text: text.replacingOccurrences(of: "1.5 kW", with: "1.5"), name: "base.yaml", profileFolders: folders)
    guard case .failure(let problems) = result else { throw TestKitError.didNotStart("a problem was expected") }
    #expect(problems.problems.map(\.file) == ["base.yaml", file.path])
    #expect(problems.problems.map(\.path) == ["limits.base_load", "points.power_w.input"])
    #expect(problems.description.hasSuffix("\n2 problems: nothing was applied"))
  }

  @Test(arguments: [
    "", "# nothing", "---\n", "just a word", "- a\n- list", "a: b\n---\nc: d", "\u{0}", "{", "\t- x: [", "a: &b [*b]",
    "? {a: b}\n: c", "a: *nobody", "\"a", "!!binary x",
  ])
  func textThatIsNoConfiguration(_ text: String) {
    let result = ConfigurationLoader.load(text: text, name: "base.yaml", profileFolders: [])
    guard case .failure(let problems) = result else {
      Issue.record("this was taken for a configuration")
      return
    }
    #expect(!problems.problems.isEmpty)
  }

  @Test func filesThatCannotBeRead() throws {
    let folder = try TemporaryFolder.make("config")
    defer { try? FileManager.default.removeItem(at: folder) }
    let missing = ConfigurationLoader.load(file: folder.path + "/none.yaml", profileFolders: [])
    #expect(message(of: missing) == "\(folder.path)/none.yaml: no such file")
    let latin = folder.appendingPathComponent("latin.yaml")
    try Data([0x61, 0x3A, 0x20, 0xFC, 0xFF]).write(to: latin)
    #expect(message(of: ConfigurationLoader.load(file: latin.path, profileFolders: []))?.contains("UTF-8") == true)
    let large = String(repeating: "# filler\n", count: 120_000)
    let result = ConfigurationLoader.load(text: large, name: "base.yaml", profileFolders: [])
    #expect(message(of: result)?.contains("larger than 250 kB") == true)
  }

  /// Cutting a good configuration anywhere gives a configuration or problems, and never ends the program.
  @Test func cutAnywhere() {
    let text = Array(TestFiles.text("base.yaml").utf8)
    for length in stride(from: 0, to: text.count, by: 37) {
      let cut = String(decoding: text.prefix(length), as: UTF8.self)
      let result = ConfigurationLoader.load(text: cut, name: "base.yaml", profileFolders: [TestFiles.profiles])
      if case .failure(let problems) = result { #expect(!problems.problems.isEmpty, "at \(length)") }
    }
  }

  @Test func nestedWithoutEnd() {
    let brackets = String(repeating: "[", count: 400_000)
    let dashes = String(repeating: "- ", count: 400_000)
    let keys = String(repeating: "? ", count: 400_000)
    let doubling = (1...60).map { "k\($0): &a\($0) [*a\($0 - 1), *a\($0 - 1)]\n" }.joined()
    for text in [brackets, dashes, keys, "k0: &a0 x\n" + doubling] {
      let result = ConfigurationLoader.load(text: text, name: "base.yaml", profileFolders: [])
      #expect(message(of: result) != nil)
    }
  }

  private func message(of result: Result<SiteConfiguration, ConfigurationProblems>) -> String? {
    guard case .failure(let problems) = result else { return nil }
    return problems.problems.first?.description
  }
}
