import Foundation
import TestKit
import Testing

/// `holdfast commission` against single devices of the simulator, on real protocols.
@Suite(.serialized) struct CommissionCommandTests {
  /// A load of 3 kW behind a relay on MQTT; the house takes what the relay lets through.
  private final class Pool {
    let broker: TestBroker
    let site: SimulatedSite
    private let states: ChildProcess
    private let commands: ChildProcess
    private var isOn = true

    /// - Parameter fault: of the relay, in force from the beginning on.
    init(fault: String?) async throws {
      broker = try TestBroker()
      let (port, folder) = (broker.port, broker.folder)
      func listen(_ topic: String) throws -> ChildProcess {
        try ChildProcess(
          "mosquitto_sub", ["-h", "127.0.0.1", "-p", "\(port)", "-t", topic],
          output: folder.appendingPathComponent(topic.replacing("/", with: "-")))
      }
      states = try listen("pool/status/switch:0")
      commands = try listen("pool/command/switch:0")
      var arguments = [
        "eastron-sdm630@1=meter", "--mqtt", "127.0.0.1:\(port)", "--mqtt-device", "shelly-gen2-switch=pool", "--point",
        "relay_on=1", "--point", "power_w=3000",
      ]
      for phase in 1...3 { arguments += ["--point", "power_l\(phase)_w=1000"] }
      site = try await SimulatedSite(arguments) { bus in
        """
        buses:
          meter: {modbus_tcp: "127.0.0.1:\(bus)"}
          home: {mqtt: "127.0.0.1:\(port)"}
        devices:
          grid-meter: {profile: eastron-sdm630, bus: meter, unit: 1, measures: grid, period: 1 s}
        loads:
          pool: {switch: {bus: home, profile: shelly-gen2-switch, topic: pool}, rated: 3 kW, shed: 1}
        """
      }
      guard let fault else { return }
      let results = try listen("holdfast-sim/fault/result")
      defer { results.kill() }
      try await eventually("the order is answered") {
        try order("pool \(fault)")
        return !heard("holdfast-sim-fault-result").isEmpty
      }
    }

    deinit {
      states.kill()
      commands.kill()
      broker.stop()
    }

    private func heard(_ topic: String) -> [Substring] {
      let text = try? String(contentsOf: broker.folder.appendingPathComponent(topic), encoding: .utf8)
      return text?.split(separator: "\n") ?? []
    }

    /// What it was told, without questions for its state.
    var told: [Substring] { heard("pool-command-switch:0").filter { $0 != "status_update" } }

    /// The meter goes with what the relay says: it takes 2.1 kW and not the 3 kW on its plate.
    func physics() throws {
      guard let last = heard("pool-status-switch:0").last else { return }
      let now = !last.contains(#""output":false"#)
      guard now != isOn else { return }
      isOn = now
      let values = ["power_w", "power_l1_w", "power_l2_w", "power_l3_w"]
      for order in now ? ["meter heal"] : values.map({ "meter spike \($0) 0.3" }) {
        try self.order(order)
      }
    }

    private func order(_ words: String) throws {
      let child = try ChildProcess(
        "mosquitto_pub", ["-h", "127.0.0.1", "-p", "\(broker.port)", "-t", "holdfast-sim/fault", "-m", words])
      #expect(child.wait() == 0)
    }

    func commission() async throws -> [String: SimulatedSite.Found] {
      let tool = try ChildProcess(
        Holdfast.program(), ["commission", "--yes", "--report", site.report.path] + site.places,
        output: site.folder.appendingPathComponent("output"))
      try await eventually(within: 120, "the visit ends") {
        try physics()
        return !tool.isRunning
      }
      return try site.findings()
    }
  }

  @Test(.timeLimit(.minutes(3))) func aRelayOnMQTTGoesOverAndBack() async throws {
    let pool = try await Pool(fault: nil)
    let found = try await pool.commission()
    for check in [
      "pool reachable", "pool write of relay", "pool release of relay", "pool effect", "grid-meter sign",
      "grid-meter transformer L1",
    ] {
      #expect(found[check]?.outcome == "passed", "\(check): \(found)")
    }
    #expect(found["grid-meter sign"]?.text.contains("-2100 W") == true)
    #expect(found["grid-meter sign"]?.text.contains("3000 W") == true)
    #expect(pool.told == ["off", "on"])
    let listed = try pool.site.reported("pool")
    #expect(
      (listed["at"] as? String)?.hasPrefix("127.0.0.1:\(pool.broker.port), pool/status/switch:0") == true, "\(listed)")
    #expect((listed["age_s"] as? Int).map { (0...60).contains($0) } == true && listed["serial"] == nil, "\(listed)")
    #expect((listed["values"] as? [String: Double])?["relay_on"] == 1, "\(listed)")
  }

  /// One that ignores what it is told, and one that does it and says otherwise. Either is left on.
  @Test(.timeLimit(.minutes(3)), arguments: ["ignore-writes", "frozen"])
  func aRelayThatDoesNotConfirmIsFound(fault: String) async throws {
    let pool = try await Pool(fault: fault)
    let found = try await pool.commission()
    #expect(found["pool reachable"]?.outcome == "passed")
    #expect(found["pool write of relay"]?.outcome == "failed", "\(found)")
    #expect(found["pool write of relay"]?.text.contains("the device says that it is on") == true)
    #expect(pool.told == ["off", "on"])
  }

  @Test(.timeLimit(.minutes(3))) func aRelayThatSaysNothingIsNotSwitched() async throws {
    let pool = try await Pool(fault: "silence")
    let found = try await pool.commission()
    #expect(found["pool reachable"]?.outcome == "failed")
    #expect(found["pool write of relay"]?.outcome == "open")
    #expect(pool.told.isEmpty)
    let listed = try pool.site.reported("pool")
    #expect(listed["age_s"] == nil && (listed["values"] as? [String: Any])?.isEmpty == true, "\(listed)")
  }

  /// WSetEna of the simulated battery: whether it does what it is told.
  private static let enabled = 40299

  private func battery(reversion: String) async throws -> SimulatedSite {
    let shipped = try String(contentsOfFile: "\(SimulatedSite.profiles)/sunspec-der-storage.yaml", encoding: .utf8)
    let folder = try TemporaryFolder.make("profiles")
    try (shipped.components(separatedBy: "\nevidence:\n")[0] + "\n")
      .replacing("reversion: 60 s", with: "reversion: \(reversion)")
      .write(to: folder.appendingPathComponent("sunspec-der-storage.yaml"), atomically: true, encoding: .utf8)
    var arguments = ["sunspec-der-storage@1"]
    for point in ["power_w=0", "battery_power_w=0", "soc_percent=55"] { arguments += ["--point", point] }
    return try await SimulatedSite(arguments, profiles: folder.path) { port in
      """
      buses:
        battery: {modbus_tcp: "127.0.0.1:\(port)"}
      devices:
        battery:
          profile: sunspec-der-storage
          bus: battery
          unit: 1
          serial: "34119087"
          experimental: confirmed
          ac_limit: 5 kW
          regulates: no
          battery:
            {usable: 10 kWh, soc: 10..95 %, max_charge: 5 kW, max_discharge: 5 kW, grid_charging: allowed}
      """
    }
  }

  /// Its own timer makes it rest for good: one that was its own master gets that back.
  @Test(.timeLimit(.minutes(3))) func aBatteryThatFallsBackToRestIsHandedBack() async throws {
    let site = try await battery(reversion: "6 s")
    _ = try Holdfast.run(["commission", "--yes", "--report", site.report.path] + site.places)
    let found = try site.findings()
    #expect(found["battery write of battery_limits"]?.outcome == "passed", "\(found)")
    #expect(found["battery release of battery_limits"]?.outcome == "passed", "\(found)")
    let writes = try site.writes(at: Self.enabled)
    #expect(writes.contains([1]) && writes.last == [0], "\(writes)")
    // WSetEnaRvrt and WSetRvrtTms: the timer that would let it rest is off, so that it stays its own master.
    #expect(try site.writes(at: Self.enabled + 8).last == [0, 0, 0])
  }

  /// Found at rest by somebody's command it is left to its timer, and not set free.
  @Test func aBatteryThatWasFoundUnderACommandIsNotHandedBack() async throws {
    let site = try await battery(reversion: "60 s")
    func write(_ words: String...) throws -> Holdfast.Answer {
      try Holdfast.run(["write", "battery"] + words + ["--yes"] + site.places)
    }
    let rest = try write("charge_limit_w", "0 W", "discharge_limit_w", "0 W", "--keep")
    #expect(rest.code == 0, "\(rest.errors)")
    let charging = try write("discharge_limit_w", "-1 kW", "--for", "1s")
    #expect(charging.code == 0 && charging.output.contains("It is not released afterwards."), "\(charging)")
    #expect(charging.output.contains("found under a command"))
    #expect(try site.writes(at: Self.enabled).allSatisfy { $0 == [1] })
  }

  /// It would be told the same as nothing, and keep what it does although the tool says that the limit is kept up.
  @Test(arguments: [["discharge_limit_w", "1 kW"], ["charge_limit_w", "0 W"]])
  func aLimitThatHoldsNothingIsNotWritten(_ words: [String]) async throws {
    let site = try await battery(reversion: "60 s")
    let answer = try Holdfast.run(["write", "battery"] + words + ["--for", "1s", "--yes"] + site.places)
    #expect(answer.code == 77, "\(answer)")
    #expect(answer.errors.contains("it is told a power and no limits"), "\(answer.errors)")
    #expect(try site.writes().isEmpty)
  }
}
