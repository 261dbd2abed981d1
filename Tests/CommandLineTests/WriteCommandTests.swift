import Foundation
import Glibc
import TestKit
import Testing

/// `holdfast read` and `holdfast write` against a simulated inverter; what was written is counted where it arrives.
@Suite(.serialized) struct WriteCommandTests {
  @Test func aPointIsReadWithItsRegisters() async throws {
    let site = try await SimulatedSite.hybrid()
    let text = try site.holdfast(["read", "hybrid"])
    #expect(text.code == 0, "\(text.errors)")
    #expect(text.output.contains("serial number 34119087, as configured"))
    #expect(text.lines.contains { $0.contains("power_w") && $0.contains("1000 W  good") && $0.contains("40084: 03E8") })
    let json = try site.holdfast(["read", "hybrid", "--json"])
    #expect(json.lines.contains { $0.contains(#""power_w""#) && $0.contains("1000") })
    #expect(try site.writes().isEmpty)
  }

  @Test func whatIsWrittenIsReadBackAndReleased() async throws {
    let site = try await SimulatedSite.hybrid()
    let answer = try site.write("discharge_limit_w", "1 kW")
    #expect(answer.code == 0, "\(answer.errors)")
    #expect(answer.output.contains("Written and read back: charge_limit_w 10000 W, discharge_limit_w 1000 W"))
    #expect(answer.lines.last == "Released: charge_limit_w 10000 W, discharge_limit_w 10000 W")
    #expect(try site.writes().count >= 2)
  }

  @Test(
    arguments: [
      ("discharge_limit_w 20kW", 77), ("discharge_limit_w -20kW", 77), ("discharge_limit_w nanW", 64),
      ("discharge_limit_w 1000", 64), ("discharge_limit_w", 64), ("relay_on on", 77), ("voltage_l1_v 230", 64),
    ] as [(String, Int32)])
  func whatMustNotBeWrittenIsNot(words: String, code: Int32) async throws {
    let site = try await SimulatedSite.hybrid()
    let words = words.split(separator: " ").map(String.init)
    let answer = try site.holdfast(["write", "hybrid"] + words + ["--yes"])
    #expect(answer.code == code, "\(answer.output) \(answer.errors)")
    #expect(!answer.errors.isEmpty)
    #expect(try site.writes().isEmpty)
  }

  @Test func anotherDeviceIsNotWritten() async throws {
    let site = try await SimulatedSite.hybrid(serial: "1")
    let answer = try site.write("discharge_limit_w", "1 kW")
    #expect(answer.code == 77)
    #expect(answer.errors.contains("34119087"))
    #expect(try site.writes().isEmpty)
  }

  @Test func whatNobodyHasConfirmedIsNotWritten() async throws {
    let site = try await SimulatedSite.hybrid(isConfirmed: false)
    #expect(try site.write("discharge_limit_w", "1 kW").code == 77)
    #expect(try site.writes().isEmpty)
  }

  @Test func withoutATerminalNobodyHasAgreed() async throws {
    let site = try await SimulatedSite.hybrid()
    let answer = try site.write("discharge_limit_w", "1 kW", yes: false)
    #expect(answer.code != 0 && answer.code != 78, "\(answer.errors)")
    #expect(try site.writes().isEmpty)
  }

  /// The lock that the agent holds while it runs; and a folder that cannot be made holds none.
  @Test func nobodyWritesBesideTheAgent() async throws {
    let site = try await SimulatedSite.hybrid()
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
    let site = try await SimulatedSite.hybrid()
    let output = site.folder.appendingPathComponent("output")
    let tool = try ChildProcess(
      Holdfast.program(),
      ["write", "hybrid", "discharge_limit_w", "1 kW", "--for", "60s", "--yes"] + site.places, output: output)
    try await eventually("it is written") { try !site.writes().isEmpty }
    let before = try site.writes().count
    tool.signal(signal)
    #expect(tool.wait() >= 0)
    #expect(try site.writes().count > before)
    let text = try String(contentsOf: output, encoding: .utf8)
    #expect(text.hasSuffix("Released: charge_limit_w 10000 W, discharge_limit_w 10000 W\n"), "\(text)")
  }

  @Test func aWriteThatHadNoEffectIsSaid() async throws {
    let site = try await SimulatedSite.hybrid(faults: "0 sunspec-hybrid ignore-writes\n")
    let answer = try site.write("discharge_limit_w", "1 kW")
    #expect(answer.code == 1)
    #expect(!answer.output.contains("Written and read back"))
  }
}

extension SimulatedSite {
  fileprivate func write(_ words: String..., yes: Bool = true) throws -> Holdfast.Answer {
    try holdfast(["write", "hybrid"] + words + ["--for", "1s"] + (yes ? ["--yes"] : []))
  }
}
