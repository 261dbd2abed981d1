import Foundation
import Glibc
import TestKit
import Testing

/// `holdfast read` and `holdfast write` against a simulated inverter; what was written is counted where it arrives.
@Suite(.serialized) struct WriteCommandTests {
  private static let profiles = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().appendingPathComponent("config/devices").path

  /// An inverter and the configuration of its site.
  private final class Site {
    let folder: URL
    let child: ChildProcess

    init(serial: String = "34119087", isConfirmed: Bool = true, faults: String? = nil) async throws {
      folder = try TemporaryFolder.make("write")
      let program = try Holdfast.program().replacingOccurrences(
        of: "/holdfast", with: "/holdfast-sim", options: [.backwards, .anchored])
      let output = folder.appendingPathComponent("simulator")
      var arguments = [
        "device", "sunspec-hybrid@1", "--profiles", WriteCommandTests.profiles, "--tcp", "0", "--requests",
        folder.appendingPathComponent("requests").path,
      ]
      for point in ["power_w=1000", "pv_power_w=1000", "battery_power_w=0", "soc_percent=55"] {
        arguments += ["--point", point]
      }
      if let faults {
        let file = folder.appendingPathComponent("faults")
        try faults.write(to: file, atomically: true, encoding: .utf8)
        arguments += ["--faults", file.path]
      }
      child = try ChildProcess(program, arguments, output: output)
      var port = 0
      try await eventually("it serves") {
        let text = try Data(contentsOf: output)
        guard text.last == UInt8(ascii: "\n") else { return false }
        port = try #require((try JSONSerialization.jsonObject(with: text) as? [String: Any])?["tcp"] as? Int)
        return true
      }
      try FileManager.default.createDirectory(atPath: state, withIntermediateDirectories: true)
      try """
      site: {id: mill-lane-4, time_zone: Europe/Berlin, latitude: 52.52, longitude: 13.40, mode: control, clock: declared}
      buses:
        inverter: {modbus_tcp: "127.0.0.1:\(port)"}
      devices:
        hybrid:
          profile: sunspec-hybrid
          bus: inverter
          unit: 1
          serial: "\(serial)"
          \(isConfirmed ? "experimental: confirmed" : "")
          ac_limit: 10 kW
          pv: {peak: 9.8 kW, tilt: 35 deg, azimuth: 180 deg}
          battery: {usable: 10.2 kWh, soc: 10..95 %, grid_charging: never}
      journal: {budget: 200 MB, when_full: thin-oldest}
      """.write(toFile: file, atomically: true, encoding: .utf8)
    }

    deinit {
      child.kill()
      try? FileManager.default.removeItem(at: folder)
    }

    var state: String { folder.appendingPathComponent("state").path }
    var file: String { folder.appendingPathComponent("site.yaml").path }

    func holdfast(_ words: [String]) throws -> Holdfast.Answer {
      try Holdfast.run(words + ["--config", file, "--profiles", WriteCommandTests.profiles, "--state", state])
    }

    func write(_ words: String..., yes: Bool = true) throws -> Holdfast.Answer {
      try holdfast(["write", "hybrid"] + words + ["--for", "1s"] + (yes ? ["--yes"] : []))
    }

    /// Requests that write, as the inverter saw them.
    func writes() throws -> Int {
      let text = try String(contentsOf: folder.appendingPathComponent("requests"), encoding: .utf8)
      return text.split(separator: "\n").filter { $0.contains(#""write":true"#) }.count
    }
  }

  @Test func aPointIsReadWithItsRegisters() async throws {
    let site = try await Site()
    let text = try site.holdfast(["read", "hybrid"])
    #expect(text.code == 0, "\(text.errors)")
    #expect(text.output.contains("serial number 34119087, as configured"))
    #expect(text.lines.contains { $0.contains("power_w") && $0.contains("1000 W  good") && $0.contains("40084: 03E8") })
    let json = try site.holdfast(["read", "hybrid", "--json"])
    #expect(json.lines.contains { $0.contains(#""power_w""#) && $0.contains("1000") })
    #expect(try site.writes() == 0)
  }

  @Test func whatIsWrittenIsReadBackAndReleased() async throws {
    let site = try await Site()
    let answer = try site.write("discharge_limit_w", "1 kW")
    #expect(answer.code == 0, "\(answer.errors)")
    #expect(answer.output.contains("Written and read back: charge_limit_w 10000 W, discharge_limit_w 1000 W"))
    #expect(answer.lines.last == "Released: charge_limit_w 10000 W, discharge_limit_w 10000 W")
    #expect(try site.writes() >= 2)
  }

  @Test(
    arguments: [
      ("discharge_limit_w 20kW", 77), ("discharge_limit_w -20kW", 77), ("discharge_limit_w nanW", 64),
      ("discharge_limit_w 1000", 64), ("discharge_limit_w", 64), ("relay_on on", 77), ("voltage_l1_v 230", 64),
    ] as [(String, Int32)])
  func whatMustNotBeWrittenIsNot(words: String, code: Int32) async throws {
    let site = try await Site()
    let words = words.split(separator: " ").map(String.init)
    let answer = try site.holdfast(["write", "hybrid"] + words + ["--yes"])
    #expect(answer.code == code, "\(answer.output) \(answer.errors)")
    #expect(!answer.errors.isEmpty)
    #expect(try site.writes() == 0)
  }

  @Test func anotherDeviceIsNotWritten() async throws {
    let site = try await Site(serial: "1")
    let answer = try site.write("discharge_limit_w", "1 kW")
    #expect(answer.code == 77)
    #expect(answer.errors.contains("34119087"))
    #expect(try site.writes() == 0)
  }

  @Test func whatNobodyHasConfirmedIsNotWritten() async throws {
    let site = try await Site(isConfirmed: false)
    #expect(try site.write("discharge_limit_w", "1 kW").code == 77)
    #expect(try site.writes() == 0)
  }

  @Test func withoutATerminalNobodyHasAgreed() async throws {
    let site = try await Site()
    let answer = try site.write("discharge_limit_w", "1 kW", yes: false)
    #expect(answer.code != 0 && answer.code != 78, "\(answer.errors)")
    #expect(try site.writes() == 0)
  }

  /// The lock that the agent holds while it runs; and a folder that cannot be made holds none.
  @Test func nobodyWritesBesideTheAgent() async throws {
    let site = try await Site()
    let agent = open(site.state, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    #expect(flock(agent, LOCK_EX | LOCK_NB) == 0)
    let answer = try site.write("discharge_limit_w", "1 kW")
    #expect(answer.code == 75 && answer.errors.contains("holdfast override"))
    close(agent)
    #expect(try site.write("discharge_limit_w", "1 kW").code == 0)
    let writes = try site.writes()
    try FileManager.default.removeItem(atPath: site.state)
    try "".write(toFile: site.state, atomically: true, encoding: .utf8)
    #expect(try site.write("discharge_limit_w", "1 kW").code == 75)
    #expect(try site.writes() == writes)
  }

  @Test(arguments: [SIGINT, SIGTERM, SIGHUP]) func whoeverEndsItReleasesIt(signal: Int32) async throws {
    let site = try await Site()
    let output = site.folder.appendingPathComponent("output")
    let tool = try ChildProcess(
      Holdfast.program(),
      [
        "write", "hybrid", "discharge_limit_w", "1 kW", "--for", "60s", "--yes", "--config", site.file, "--profiles",
        Self.profiles, "--state", site.state,
      ], output: output)
    try await eventually("it is written") { try site.writes() > 0 }
    let before = try site.writes()
    tool.signal(signal)
    #expect(tool.wait() >= 0)
    #expect(try site.writes() > before)
    let text = try String(contentsOf: output, encoding: .utf8)
    #expect(text.hasSuffix("Released: charge_limit_w 10000 W, discharge_limit_w 10000 W\n"), "\(text)")
  }

  @Test func aWriteThatHadNoEffectIsSaid() async throws {
    let site = try await Site(faults: "0 sunspec-hybrid ignore-writes\n")
    let answer = try site.write("discharge_limit_w", "1 kW")
    #expect(answer.code == 1)
    #expect(!answer.output.contains("Written and read back"))
  }
}
