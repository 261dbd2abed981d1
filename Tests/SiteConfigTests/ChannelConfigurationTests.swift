import EnergyDispatch
import EnergyModel
import Testing

@testable import SiteConfig

/// Channels that limit and what they limit, from words to what control takes.
@Suite struct ChannelConfigurationTests {
  private func control(_ lines: String...) throws -> SiteParameters {
    let text = """
      site: {id: s, time_zone: Europe/Berlin, latitude: 52.52, longitude: 13.40, mode: monitor}
      buses: {meter: {modbus_tcp: 192.168.1.40}, wallbox: {modbus_tcp: 192.168.1.41}, board: {modbus_tcp: 192.168.1.42}}
      devices:
        grid-meter: {profile: eastron-sdm630, bus: meter, unit: 1, measures: grid}
        dso-contact: {profile: digital-input, bus: board, unit: 3, input: 1, active: open, period: 2 s}
        car: {profile: keba-p30, experimental: confirmed, bus: wallbox, phases: [L2, L3, L1], current: 6..16 A, failsafe: 6 A}
      loads:
        heat-pump: {sg_ready: [board/4/coil/1, board/4/coil/2], rated: 4.5 kW, shed: 3, off_at_least: 10 min}
      uplinks: {vpp: {mqtt: "tcp://vpp.example"}}
      journal: {budget: 200 MB}
      \(lines.joined(separator: "\n"))
      """
    return try ConfigurationLoader.load(text: text, name: "s.yaml", profileFolders: [TestFiles.profiles]).get().control
  }

  @Test func theContactOfTheExample() throws {
    let control = try control(
      "limits: {controllable: {while: dso-contact, devices: [car, heat-pump], grid_draw: 7.56 kW}}")
    #expect(control.controllable == .init(devices: ["car", "heat-pump"]))
    #expect(
      control.channels == [
        .init(
          name: "dso-contact", kind: .contact("dso-contact", maximumAge: .seconds(6)), class: .legal,
          failsafe: [.controllablePower: 7560], mayLimit: [.controllablePower: 7560])
      ])
  }

  @Test func theChannelOfTheExample() throws {
    let control = try control(
      "limits: {controllable: {devices: [car, heat-pump]}}",
      "channels: {dso: {class: legal, uplink: vpp, heartbeat: 60 s, failsafe: {grid_draw: 7.56 kW}, autonomous: no}}")
    let channel = try #require(control.channels.first)
    #expect(channel.kind == .uplink("vpp"))
    #expect(channel.class == .legal)
    #expect(channel.hasHeartbeat)
    #expect(!channel.isAutonomous)
    #expect(channel.failsafe == [.controllablePower: 7560])
    #expect(channel.mayLimit.keys.sorted { $0.rawValue < $1.rawValue } == [.controllablePower, .importPower])
    #expect(((channel.mayLimit[.controllablePower] ?? 0) - 7560).magnitude < 0.001)
    #expect(channel.mayLimit[.importPower] == 0)
  }

  @Test func aContractAndItsReach() throws {
    let control = try control(
      "channels:",
      "  trader: {class: contract, uplink: vpp, may: {import: 3 kW}}",
      "  gate: {class: contract, contact: dso-contact, failsafe: {import: 5 kW}, autonomous: yes}")
    #expect(
      control.channels == [
        .init(name: "trader", kind: .uplink("vpp"), class: .contract, mayLimit: [.importPower: 3000]),
        .init(
          name: "gate", kind: .contact("dso-contact", maximumAge: .seconds(6)), class: .contract,
          failsafe: [.importPower: 5000], isAutonomous: true, mayLimit: [.importPower: 5000]),
      ])
  }
}
