import Commissioning
import DeviceProfile
import Testing

@Suite struct ScanTargetTests {
  @Test func hosts() throws {
    #expect(try ScanTarget("192.168.1.40") == .host("192.168.1.40", port: nil))
    #expect(try ScanTarget("inverter.local:1502") == .host("inverter.local", port: 1502))
    #expect(try ScanTarget("[fe80::1]:502") == .host("fe80::1", port: 502))
    #expect(try ScanTarget("fe80::1") == .host("fe80::1", port: nil))
    #expect(try ScanTarget("/dev/ttyUSB0") == .serial("/dev/ttyUSB0"))
    #expect(try ScanTarget("mqtt://broker") == .mqtt(host: "broker", port: 1883))
  }

  @Test func subnets() throws {
    #expect(try ScanTarget("192.168.1.77/30") == .subnet(["192.168.1.77", "192.168.1.78"], port: nil))
    #expect(try ScanTarget("10.0.0.4/31:1502") == .subnet(["10.0.0.4", "10.0.0.5"], port: 1502))
    #expect(try ScanTarget("10.0.0.4/32") == .subnet(["10.0.0.4"], port: nil))
    guard case .subnet(let hosts, _) = try ScanTarget("192.168.0.0/22") else { return #expect(Bool(false)) }
    #expect(hosts.count == 1022)
    #expect(hosts.first == "192.168.0.1" && hosts.last == "192.168.3.254")
  }

  @Test func largeOnesHaveToBeMeant() throws {
    #expect(throws: ScanTarget.Refusal.tooLarge("10.0.0.0/21", hosts: 2046)) { try ScanTarget("10.0.0.0/21") }
    guard case .subnet(let hosts, _) = try ScanTarget("10.0.0.0/21", isLargeMeant: true) else {
      return #expect(Bool(false))
    }
    #expect(hosts.count == 2046)
    #expect(throws: ScanTarget.Refusal.self) { try ScanTarget("10.0.0.0/8", isLargeMeant: true) }
    #expect(throws: ScanTarget.Refusal.self) { try ScanTarget("0.0.0.0/0", isLargeMeant: true) }
  }

  @Test(arguments: [
    "", "host:0", "host:70000", "host:x", "-o", "a b", "192.168.1.0/33", "192.168.1.0/", "300.1.1.1/24", "1.2.3/24",
    "192.168.1.0/24:0", "[::1", "[::1]x", "::g", "user@host", "mqtt://",
  ])
  func nonsense(_ text: String) { #expect(throws: ScanTarget.Refusal.nonsense(text)) { try ScanTarget(text) } }
}

@Suite struct ScanPlanTests {
  private func profile(
    _ name: String, unit: Int? = nil, port: Int = 502, line: String? = nil, _ framings: Set<Framing> = [.tcp, .rtu]
  ) -> DeviceProfile {
    DeviceProfile(
      name: name, title: name, source: "", confidence: .single, unit: unit,
      connection: ConnectionRules(framings: framings, port: port, line: line.flatMap { SerialLine($0) }), points: [])
  }

  @Test func whatProfilesKnowComesFirst() {
    let plan = ScanPlan([
      profile("a", unit: 255, [.tcp]), profile("b", unit: 71, port: 1502, [.tcp]), profile("c", unit: 71, port: 1502),
      profile("d", unit: 21, line: "19200 8E1", [.rtu]), profile("e", line: "19200 8E1"),
      profile("f", line: "9600 8E1"),
    ])
    #expect(plan.ports == [502, 1502])
    #expect(plan.units == [71, 1, 255] + Array(2...10) + [200, 201, 126, 240, 247])
    #expect(plan.attempts.first?.line == SerialLine("19200 8E1"))
    #expect(plan.attempts.first?.units == [1, 2, 3, 71, 21])
    #expect(plan.attempts[1].line == SerialLine("9600 8N1"))
    #expect(plan.attempts[2].line == SerialLine("9600 8E1"))
    #expect(plan.lineUnits == Array(1...32) + [71])
  }

  /// Every setting is tried with the likely units before any is tried with all.
  @Test func everySettingOfALineIsTriedOnce() {
    let plan = ScanPlan([profile("a", line: "57600 8N2")])
    let likely = plan.attempts.filter { $0.units.contains(1) }
    #expect(Set(likely.map(\.line)).count == 32)
    #expect(likely.count == 32)
    #expect(plan.attempts.prefix(32).allSatisfy { $0.units == [1, 2, 3] })
    #expect(plan.attempts.dropFirst(32).allSatisfy { $0.units == Array(4...32) })
    #expect(plan.attempts.count == 64)
    #expect(Set(plan.attempts.prefix(2).map(\.line.description)) == ["9600 8N1", "57600 8N2"])
  }

  @Test func whatIsSaidGoesBeforeWhatIsKnown() {
    let profiles = [profile("a", unit: 255, port: 1502)]
    let plan = ScanPlan(profiles, port: 5020, units: [7, 255], lines: [SerialLine(baud: 4800)])
    #expect(plan.ports == [5020])
    #expect(plan.units == [7, 255])
    #expect(plan.attempts.map(\.line) == [SerialLine(baud: 4800)])
    #expect(plan.attempts.map(\.units) == [[7]])
    #expect(plan.lineUnits == [7])
  }
}
