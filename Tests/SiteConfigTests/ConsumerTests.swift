import DeviceProfile
import EnergyDispatch
import EnergyModel
import Testing

@testable import SiteConfig

/// Chargers, heat pumps, contacts, meters below others and several inverters, from words to what control takes.
@Suite struct ConsumerTests {
  private func site(
    devices: [String] = [], loads: [String] = [], mode: String = "control", rules: String = ""
  ) throws -> SiteConfiguration {
    let text = """
      site: {id: s, time_zone: Europe/Berlin, latitude: 52.52, longitude: 13.40, mode: \(mode)}
      buses:
        meter: {modbus_tcp: 192.168.1.40}
        wallbox: {modbus_tcp: 192.168.1.41}
        board: {modbus_tcp: 192.168.1.42}
        first: {modbus_tcp: 192.168.1.43}
        second: {modbus_tcp: 192.168.1.44}
      devices:
        grid-meter: {profile: eastron-sdm630, bus: meter, unit: 1, measures: grid}
      \(devices.map { "  " + $0 }.joined(separator: "\n"))
      loads:
      \(loads.map { "  " + $0 }.joined(separator: "\n"))
      limits: {fuse: 3 x 35 A, base_load: 1.5 kW}
      journal: {budget: 200 MB}
      strategy: {rules: [\(rules)]}
      """
    return try ConfigurationLoader.load(text: text, name: "s.yaml", profileFolders: [TestFiles.profiles]).get()
  }

  @Test func chargerOfTheExample() throws {
    let site = try site(
      devices: [
        "car: {profile: keba-p30, experimental: confirmed, bus: wallbox, phases: [L2, L3, L1], current: 6..16 A, failsafe: 6 A}"
      ],
      mode: "monitor")
    var charger = SiteParameters.Charger(
      device: "car", phases: [2, 3, 1], current: 6...16, failsafeCurrent: 6, reversion: .seconds(60),
      maximumAge: .milliseconds(12_500))
    charger.terms = LeaseTerms(expiry: .safe, lag: .seconds(5))
    #expect(site.control.chargers == [charger])
    let device = try #require(site.modbusBuses.first { $0.name == "wallbox" }?.devices.first)
    #expect(device.unit == 255)
    // Five requests with half a second between them: no more often, and never silent for that.
    #expect(device.period == .milliseconds(2500))
    #expect(!device.profile.takesFailsafeCurrent)
  }

  @Test func surplusForCarsAndHeat() throws {
    let site = try site(
      devices: [
        "car: {profile: keba-p30, experimental: confirmed, bus: wallbox, phases: [L2, L3, L1], current: 6..16 A, failsafe: 6 A}"
      ],
      loads: ["heat-pump: {sg_ready: [board/4/coil/1, board/4/coil/2], rated: 4.5 kW, shed: 3}"],
      mode: "monitor", rules: "surplus-car, heat-pump-boost")
    #expect(site.control.economics == ["surplus-car", "heat-pump-boost"])
  }

  @Test func whatAChargerMaySay() throws {
    let words = "shed: 2, on_at_least: 1 min, off_at_least: 2 min, period: 5 s"
    let site = try site(devices: [
      "car: {profile: keba-p30, experimental: confirmed, bus: wallbox, serial: 17, current: 6..32 A, failsafe: 0 A, \(words)}"
    ])
    var charger = SiteParameters.Charger(
      device: "car", phases: [1, 2, 3], current: 6...32, failsafeCurrent: 0, reversion: .seconds(60),
      priority: 2, minimumOn: .seconds(60), minimumOff: .seconds(120), maximumAge: .seconds(20))
    charger.terms = LeaseTerms(expiry: .safe, lag: .seconds(5))
    #expect(site.control.chargers == [charger])
  }

  /// What goes out for 13 A and for a pause: failsafe current and time are shown by 1600 and 1602.
  @Test func writesOfTheWallBox() throws {
    let site = try site(devices: [
      "car: {profile: keba-p30, experimental: confirmed, bus: wallbox, serial: 17, current: 6..16 A, failsafe: 8 A}"
    ])
    let device = try #require(site.modbusBuses.first { $0.name == "wallbox" }?.devices.first)
    func writes(_ value: Double) throws -> [EncodedWrite] {
      let setpoint = Setpoint(
        device: "car", kind: .chargingCurrent, value: value, owner: "test", expires: MonotonicInstant(nanoseconds: 1))
      let plan = try ResolvedProfile(device.profile).plan([setpoint])
      return try plan.encode([setpoint], with: plan.emptyImage())
    }
    let charging = try writes(13)
    #expect(charging.map(\.address) == [5016, 5018, 5004, 5014])
    #expect(charging.map(\.registers) == [[8000], [60], [13_000], [1]])
    #expect(charging.map(\.readBack?.block.start) == [1600, 1602, 1100, nil])
    #expect(charging.map(\.readBack?.registers) == [[0, 8000], [0, 60], [0, 13_000], nil])
    #expect(charging.map(\.isKept) == [true, false, false, false])
    #expect(charging[1].every == .seconds(25))
    #expect(charging[3].unless.map(\.registers) == [[0, 2], [0, 3]])
    #expect(charging.allSatisfy { $0.function == .single })
    let pause = try writes(0)
    #expect(pause.map(\.address) == [5014, 5016, 5018])
    #expect(pause[0].registers == [0])
    #expect(throws: CommandRefusal.outOfRange(.chargingCurrent, 5.5)) { try writes(5.5) }
  }

  @Test func heatPumps() throws {
    let site = try site(loads: [
      "pump: {sg_ready: [board/4/coil/1, board/4/coil/2], rated: 4.5 kW, shed: 3, off_at_least: 15 min}",
      "old: {sg_ready: [board/4/coil/5], rated: 2 kW, shed: 1, if_agent_dies: off, block_at_most: 1 h, starts_an_hour: 2}",
      "boiler: {switch: board/4/coil/0, rated: 3 kW, shed: 1}",
    ])
    #expect(
      site.control.heatPumps == [
        .init(device: "pump", rated: Watts(4500), priority: 3, minimumOff: .seconds(900)),
        .init(
          device: "old", rated: Watts(2000), priority: 1, canBoost: false, longestBlock: .seconds(3600),
          startsAnHour: 2, isBlockedWhenAgentDies: true),
      ])
    #expect(site.control.loads.map(\.device) == ["boiler"])
    #expect(site.modbusBuses.first { $0.name == "board" }?.devices.map(\.id) == ["boiler", "pump", "old"])
  }

  @Test func metersBelowOthersAndAGenerator() throws {
    let site = try site(
      devices: [
        "cellar-meter: {profile: eastron-sdm630, bus: meter, unit: 2, below: grid-meter}",
        "boiler-meter: {profile: eastron-sdm630, bus: meter, unit: 3, measures: boiler, below: cellar-meter, period: 5 s}",
        "diesel: {profile: eastron-sdm630, bus: meter, unit: 4, generator: {rated: 8 kW}}",
      ], loads: ["boiler: {switch: board/4/coil/0, rated: 3 kW, shed: 1}"])
    #expect(
      site.control.subMeters == [
        .init(device: "cellar-meter", parent: "grid-meter", measures: nil),
        .init(device: "boiler-meter", parent: "cellar-meter", measures: "boiler", maximumAge: .seconds(15)),
      ])
    #expect(site.control.generator == .init(device: "diesel", rated: Watts(8000)))
  }

  @Test func contacts() throws {
    let site = try site(devices: [
      "dso: {profile: digital-input, bus: board, unit: 3, input: 1, active: open}",
      "door: {profile: digital-input, bus: board, unit: 3, input: 2, active: closed, period: 200 ms}",
    ])
    let devices = try #require(site.modbusBuses.first { $0.name == "board" }?.devices)
    #expect(devices.map(\.period) == [.seconds(1), .milliseconds(200)])
    for (device, (input, whenOpen)) in zip(devices, [(1, 1.0), (2, 0)]) {
      let plan = ResolvedProfile(device.profile).readPlan
      #expect(plan.blocks == [ReadBlock(space: .discrete, start: input, count: 1)])
      for (raw, expected) in [(UInt16(0), whenOpen), (1, 1 - whenOpen)] {
        var image = plan.emptyImage()
        image.registers = [raw]
        image.blocks = [.good]
        #expect(plan.decode(image) == [Reading(.contact, expected)])
      }
    }
  }

  @Test func severalInverters() throws {
    let site = try site(devices: [
      "roof: {profile: sunspec-hybrid, bus: first, unit: 1, serial: a, ac_limit: 10 kW, pv: {peak: 9 kW}}",
      "barn: {profile: sunspec-hybrid, bus: second, unit: 1, serial: b, ac_limit: 5 kW, "
        + "battery: {usable: 10 kWh, soc: 10..90 %}}",
    ])
    #expect(site.control.hybrids.map(\.device) == ["roof", "barn"])
    #expect(site.control.hybrids.map { $0.battery != nil } == [false, true])
    #expect(site.installations.map(\.device) == ["roof", "barn"])
  }
}
