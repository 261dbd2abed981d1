import DeviceProfile
import EnergyDispatch
import EnergyModel
import Foundation
import Testing

@testable import SiteConfig

/// What is shipped in `config` loads, and says what it is meant to say.
@Suite struct ShippedFilesTests {
  private func demo() throws -> SiteConfiguration {
    let file = TestFiles.repository.appendingPathComponent("config/demo.yaml").path
    let folders = ConfigurationLoader.defaultProfileFolders(for: file)
    return try ConfigurationLoader.load(file: file, profileFolders: folders).get()
  }

  @Test func demoSite() throws {
    let demo = try demo()
    #expect(demo.site.id == "mill-lane-4")
    #expect(demo.site.timeZone.name == "Europe/Berlin")
    #expect(demo.site.clock == .declared)
    #expect(demo.site.latitude == 52.52)
    #expect(demo.modbusBuses.map(\.name) == ["inverter", "meter", "board", "wallbox"])
    #expect(
      demo.modbusBuses.map(\.endpoint) == [15021, 15022, 15023, 15024].map { .tcp(host: "127.0.0.1", port: $0) })
    #expect(
      demo.modbusBuses.flatMap { $0.devices.map(\.id) } == [
        "hybrid", "grid-meter", "dso-contact", "boiler", "heat-pump", "car",
      ])
    #expect(demo.modbusBuses[0].devices[0].serial == "34119087")
    #expect(demo.mqttBuses.map(\.broker.port) == [18830])
    #expect(
      demo.mqttBuses[0].sensors == [
        SensorDefinition(
          device: "cellar", topic: "home/cellar/climate",
          values: [
            .init(point: .temperature, path: ["temperature"]), .init(point: .humidity, path: ["humidity"]),
          ])
      ])
    #expect(demo.uplinks.map(\.name) == ["vpp"])
    #expect(demo.uplinks[0].liveWindow == .seconds(60))
    #expect(demo.journal == .init(budget: 200_000_000, commitInterval: .seconds(4)))
    #expect(demo.api == .init(host: "127.0.0.1", port: 8480))
    #expect(
      demo.installations == [
        .init(device: "hybrid", pvPeak: Watts(9800), tilt: 35, azimuth: 180, batteryWear: nil)
      ])
  }

  @Test func demoControl() throws {
    let control = try demo().control
    let battery = SiteParameters.Battery(
      usable: WattHours(10_200), socWindow: 10...95, gridCharging: .never, maximumCharge: Watts(10_000),
      maximumDischarge: Watts(10_000))
    var expected = SiteParameters(
      mode: .control, gridMeter: .init(device: "grid-meter"),
      hybrids: [
        .init(
          device: "hybrid", acLimit: Watts(10_000), pvPeak: Watts(9800), battery: battery,
          batteryReversion: .seconds(60), productionReversion: .seconds(60))
      ], loads: [.init(device: "boiler", rated: Watts(3000), priority: 1)], fuse: .init(phases: 3, rating: Amperes(25)),
      baseLoad: Watts(1500), feedIn: .init(limit: Watts(5880), storedIn: "hybrid"), reserve: Percent(20),
      economics: ["self-consumption"])
    // From the site's id: other sites come back at other moments.
    #expect(control.spreadSeed != 0)
    expected.spreadSeed = control.spreadSeed
    expected.hybrids[0].batteryTerms = LeaseTerms(expiry: .open, lag: .seconds(4))
    expected.hybrids[0].productionTerms = LeaseTerms(expiry: .open, lag: .seconds(4))
    expected.chargers = [
      .init(
        device: "car", phases: [2, 3, 1], current: 6...16, failsafeCurrent: 6, reversion: .seconds(60),
        maximumAge: .milliseconds(12_500))
    ]
    expected.chargers[0].terms = LeaseTerms(expiry: .safe, lag: .seconds(5))
    expected.heatPumps = [.init(device: "heat-pump", rated: Watts(4500), priority: 3)]
    expected.controllable = .init(devices: ["car", "heat-pump"])
    let draw: [LimitedQuantity: Double] = [.controllablePower: 7560]
    expected.channels = [
      .init(
        name: "dso-contact", kind: .contact("dso-contact", maximumAge: .seconds(5)), class: .legal, failsafe: draw,
        mayLimit: draw)
    ]
    #expect(control == expected)
  }

  static let profiles = ((try? FileManager.default.contentsOfDirectory(atPath: TestFiles.profiles)) ?? [])
    .filter { $0.hasSuffix(".yaml") }.sorted()

  /// It loads, which runs its evidence, and that evidence leaves nothing out.
  @Test(arguments: profiles) func profile(file: String) throws {
    let profile = try ConfigurationLoader.loadProfile(file: TestFiles.profiles + "/" + file).get()
    #expect(profile.name + ".yaml" == file)
    let shown = Set(profile.evidence.flatMap(\.points.keys))
    #expect(profile.points.map(\.point).filter { !shown.contains($0) } == [])
    let asked = Set(profile.evidence.map { Set($0.asked.keys) })
    #expect(profile.commands.filter { !asked.contains(Set($0.parameters)) }.map(\.name) == [])
  }

  @Test func everyProfileIsListed() throws {
    let list = try String(contentsOfFile: TestFiles.profiles + "/README.md", encoding: .utf8)
    #expect(Self.profiles.count > 40)
    #expect(Self.profiles.filter { !list.contains("| `\($0.dropLast(5))` |") } == [])
  }

  @Test func meter() throws {
    let meter = try ConfigurationLoader.loadProfile(file: TestFiles.profiles + "/eastron-sdm630.yaml").get()
    let power = RegisterField(address: .absolute(.input, 52), type: .float32)
    #expect(meter.points.first { $0.point == .power } == PointDefinition(.power, [.init(power)]))
    let energy = RegisterField(address: .absolute(.input, 72), type: .float32, scale: .literal(1000))
    #expect(meter.points.first { $0.point == .energyImport } == PointDefinition(.energyImport, [.init(energy)]))
    #expect(meter.reading.maximumRegisters == 80)
    #expect(meter.serial == nil)
    #expect(meter.commands.isEmpty)
  }

  @Test func hybridCommands() throws {
    let hybrid = try ConfigurationLoader.loadProfile(file: TestFiles.profiles + "/sunspec-hybrid.yaml").get()
    #expect(hybrid.isSunSpec)
    #expect(hybrid.serial == TextField(address: .sunSpec(model: 1, offset: 50), length: 16))
    let battery = try #require(hybrid.commands.first { $0.name == "battery_limits" })
    #expect(battery.parameters == [.chargeLimit, .dischargeLimit])
    #expect(battery.onExpiry == .open)
    #expect(battery.reversion == .seconds(60))
    let reference = RegisterField(
      address: .sunSpec(model: 124, offset: 2), type: .uint16,
      scale: .factor(.sunSpec(model: 124, offset: 18), times: 1))
    let rate = Scale.factor(.sunSpec(model: 124, offset: 25), times: 1)
    func limit(_ kind: SetpointKind, at offset: Int) -> WriteValue {
      let field = RegisterField(address: .sunSpec(model: 124, offset: offset), type: .int16, scale: rate)
      return .parameter(kind, field: field, percentOf: reference)
    }
    #expect(
      battery.writes == [
        RegisterWrite(start: .sunSpec(model: 124, offset: 5), values: [.constant(3)]),
        RegisterWrite(
          start: .sunSpec(model: 124, offset: 12),
          values: [limit(.dischargeLimit, at: 12), limit(.chargeLimit, at: 13), .constant(0), .reversionTime]),
      ])
    let production = try #require(hybrid.commands.first { $0.name == "production_limit" })
    #expect(production.writes.map(\.start) == [.sunSpec(model: 123, offset: 5)])
    #expect(production.writes[0].values.dropFirst() == [.constant(0), .reversionTime, .constant(0), .constant(1)])
  }
}
