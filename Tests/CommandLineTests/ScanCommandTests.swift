import EnergyModel
import Foundation
import TestKit
import Testing

/// `holdfast scan` against simulated devices, and against peers that are none.
@Suite(.serialized) struct ScanCommandTests {
  private static let profiles = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().appendingPathComponent("config/devices").path

  /// Devices of a simulated site, and the line in which they say that they are ready.
  private final class Simulator {
    let child: ChildProcess
    let folder: URL
    private(set) var ready: [String: Any] = [:]

    convenience init(_ devices: [String]) async throws {
      try await self.init { folder in
        devices + ["--tcp", "0", "--rtu", folder.appendingPathComponent("line").path]
      }
    }

    init(_ arguments: (_ folder: URL) -> [String]) async throws {
      folder = try TemporaryFolder.make("sim")
      let output = folder.appendingPathComponent("output")
      let program = try URL(fileURLWithPath: Holdfast.program()).deletingLastPathComponent()
        .appendingPathComponent("holdfast-sim").path
      let arguments =
        ["device"] + arguments(folder) + [
          "--profiles", ScanCommandTests.profiles, "--site", "--fixed-load", "3000", "--fixed-pv", "5000",
        ]
        + ["--sky", "2026-06-21T10:00:00Z"]
      child = try ChildProcess(program, arguments, output: output)
      var ready: [String: Any] = [:]
      try await eventually("the simulator is ready") {
        let text = try Data(contentsOf: output)
        guard text.last == UInt8(ascii: "\n") else { return false }
        ready = try #require(try JSONSerialization.jsonObject(with: text) as? [String: Any])
        return true
      }
      self.ready = ready
    }

    deinit {
      child.kill()
      try? FileManager.default.removeItem(at: folder)
    }
  }

  private func scan(_ target: String, _ more: String...) throws -> Holdfast.Answer {
    try Holdfast.run(["scan", target, "--profiles", Self.profiles] + more)
  }

  /// The YAML below a site's head, as an installer pastes it.
  private func check(_ yaml: String) throws -> Holdfast.Answer {
    let folder = try TemporaryFolder.make("pasted")
    defer { try? FileManager.default.removeItem(at: folder) }
    let file = folder.appendingPathComponent("site.yaml")
    let head =
      "site: {id: mill-lane-4, time_zone: Europe/Berlin, latitude: 52.52, longitude: 13.40, mode: control}\n"
    try (head + yaml + "journal: {budget: 200 MB}\n").write(to: file, atomically: true, encoding: .utf8)
    return try Holdfast.run("check", file.path, "--profiles", Self.profiles)
  }

  /// They do not hear what comes sooner, so that most questions of a hasty scan would be lost.
  @Test(arguments: ["heidelberg-energy-control", "huawei-meter"])
  func devicesThatWantToBeLeftAloneAreFoundAllTheSame(name: String) async throws {
    let simulator = try await Simulator(["\(name)@1"])
    let port = try #require(simulator.ready["tcp"] as? Int)
    let framing = name == "huawei-meter" ? "127.0.0.1:\(port)" : try #require(simulator.ready["rtu"] as? String)
    let found = try scan(framing, "--units", "1", "--json")
    #expect(found.code == 0, "\(found.errors)")
    #expect(found.output.contains("\"\(name)\""), "\(found.output)")
    #expect(simulator.child.terminate() == 0)
  }

  @Test func devicesBehindOnePortAreNamedAndCanBePasted() async throws {
    let simulator = try await Simulator(["sunspec-fronius-gen24@1", "eastron-sdm630@2", "keba-p30"])
    let port = try #require(simulator.ready["tcp"] as? Int)
    let answer = try scan("127.0.0.1:\(port)", "--units", "1,2,3,255", "--timeout", "0.4")
    #expect(answer.code == 0, "\(answer.errors)")
    let rows = answer.lines.prefix { $0 != "buses:" }
    #expect(rows.contains { $0.contains("Fronius") && $0.contains("34119087") && $0.contains("identified") })
    #expect(rows.contains { $0.contains(" 2 ") && $0.contains("eastron-sdm630") && $0.contains("likely") })
    #expect(rows.contains { $0.contains(" 255 ") && $0.contains("keba-p30 ") && $0.contains("identified") })
    #expect(rows.contains { $0.contains("fits as well: eastron-sdm72") })
    let yaml = try #require(answer.output.range(of: "buses:")).lowerBound
    let pasted = try check(String(answer.output[yaml...]))
    #expect(pasted.code == 0, "\(pasted.errors)")
    #expect(pasted.output.contains("3 devices"))
  }

  @Test func aSerialLineIsFoundWithItsSettings() async throws {
    let simulator = try await Simulator(["eastron-sdm630@1", "byd-battery-box@21"])
    let line = try #require(simulator.ready["rtu"] as? String)
    let answer = try scan(line, "--units", "1..2,21", "--json", "--timeout", "0.2")
    #expect(answer.code == 0, "\(answer.errors)")
    let json = try #require(try JSONSerialization.jsonObject(with: Data(answer.output.utf8)) as? [String: Any])
    let bus = try #require((json["buses"] as? [[String: Any]])?.first)
    #expect(bus["line"] as? String == "9600 8N1")
    #expect((bus["address"] as? String)?.hasPrefix("/dev/pts/") == true)
    let units = try #require(bus["units"] as? [[String: Any]])
    #expect(units.compactMap { $0["unit"] as? Int } == [1, 21])
    let names = units.compactMap { ($0["profile"] as? [String: Any])?["name"] as? String }
    #expect(names == ["eastron-sdm630", "byd-battery-box"])
    let pasted = try check(try #require(json["yaml"] as? String))
    #expect(pasted.code == 0, "\(pasted.errors)")
  }

  @Test func aPortThatSomebodyHoldsIsLeftToHim() async throws {
    let simulator = try await Simulator(["eastron-sdm630@1"])
    let line = try #require(simulator.ready["rtu"] as? String)
    let holder = open(line, O_RDWR | O_NOCTTY)
    try #require(holder >= 0 && flock(holder, LOCK_EX) == 0)
    defer { close(holder) }
    let answer = try scan(line)
    #expect(answer.code == 75)
    #expect(answer.errors.contains("another process uses the serial port"))
    #expect(answer.output.isEmpty)
  }

  @Test func onlyReadsAndOneConnectionAtATime() throws {
    let peer = try ModbusPeer(value: { unit, address in unit == 1 && address < 8 ? UInt16(address) : nil })
    defer { peer.stop() }
    let answer = try scan("127.0.0.1:\(peer.port)", "--units", "1,2", "--timeout", "0.2")
    #expect(answer.code == 0, "\(answer.errors)")
    #expect(answer.output.contains("answers, and no profile fits"))
    #expect(answer.output.contains("read holding 0: 0000 0001 0002 0003 0004 0005 0006 0007"))
    #expect(!answer.output.contains("buses:"))
    #expect(peer.requestCount > 20)
    #expect(peer.requests.allSatisfy { (1...4).contains($0.function) })
  }

  @Test(arguments: [ModbusPeer.Behaviour.swallow, .drip(milliseconds: 60), .wrongTransaction, .cut])
  func aPeerThatNeverAnswersIsGivenUp(_ behaviour: ModbusPeer.Behaviour) throws {
    let peer = try ModbusPeer(value: { _, _ in 1 }, decide: { _ in behaviour })
    defer { peer.stop() }
    let begin = SystemTime().now().monotonic
    let answer = try scan("127.0.0.1:\(peer.port)", "--units", "1..2", "--timeout", "0.1")
    #expect(answer.code == 1)
    #expect(answer.output.contains("accepts connections"))
    #expect(SystemTime().now().monotonic - begin < .seconds(30))
  }

  @Test func itEndsWithItsTime() throws {
    let peer = try ModbusPeer(value: { _, _ in 1 }, decide: { _ in .swallow })
    defer { peer.stop() }
    let answer = try scan("127.0.0.1:\(peer.port)", "--timeout", "0.5", "--limit", "2")
    #expect(answer.code == 1)
    #expect(answer.errors.contains("not finished: the time limit was reached"))
  }

  @Test func whatIsNotThereOrNotMeantIsSaid() throws {
    let closed = try scan("127.0.0.1:\(Loopback.freePort())")
    #expect(closed.code == 1)
    #expect(closed.errors.contains("no connection: Connection refused"))
    #expect(try scan("no-such-host.invalid").code == 68)
    #expect(try scan("/dev/serial/by-id/nothing").code == 66)
    let large = try scan("10.0.0.0/8")
    #expect(large.code == 64)
    #expect(large.errors.contains("16777214 addresses"))
  }

  @Test func devicesOnABrokerAreHeard() async throws {
    let broker = try TestBroker()
    let simulator = try await Simulator { _ in
      ["shelly-gen2-meter=shellypro3em-1", "zigbee2mqtt-switch=zigbee2mqtt/lamp"].flatMap { ["--mqtt-device", $0] }
        + ["--mqtt", "127.0.0.1:\(broker.port)", "--point", "relay_on=1"]
    }
    let answer = try scan("mqtt://127.0.0.1:\(broker.port)", "--listen", "6", "--json")
    #expect(answer.code == 0, "\(answer.errors)")
    let json = try #require(try JSONSerialization.jsonObject(with: Data(answer.output.utf8)) as? [String: Any])
    let devices = try #require(json["devices"] as? [[String: Any]])
    #expect(devices.compactMap { $0["topic"] as? String } == ["shellypro3em-1", "zigbee2mqtt/lamp"])
    #expect(devices.compactMap { $0["profile"] as? String } == ["shelly-gen2-meter", "zigbee2mqtt-switch"])
    let pasted = try check(try #require(json["yaml"] as? String))
    #expect(pasted.code == 0, "\(pasted.errors)")
    #expect(simulator.child.terminate() == 0)
    let gone = try scan("mqtt://127.0.0.1:\(Loopback.freePort())", "--listen", "5")
    #expect(gone.code == 69)
  }
}
