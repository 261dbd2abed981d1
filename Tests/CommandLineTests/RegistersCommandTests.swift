import Foundation
import TestKit
import Testing

/// `holdfast registers`: dump, decode and replay against the simulator, which lies beside the tests as well.
@Suite(.serialized) struct RegistersCommandTests {
  private func simulator(_ arguments: [String], folder: URL) async throws -> ServingProgram {
    try await ServingProgram(
      Holdfast.simulator(), ["device", "--profiles", Holdfast.profiles, "--tcp", "0"] + arguments, folder: folder)
  }

  /// What was answered, without when.
  private func answers(_ text: String) -> [String] {
    text.split(separator: "\n").map(String.init).filter { !$0.hasPrefix("began") && !$0.hasPrefix("sample") }
      .map { $0.replacing(/at [0-9.]+/, with: "") }
  }

  @Test func aRecordingIsServedAgainAndReadsTheSame() async throws {
    let folder = try TemporaryFolder.make("registers")
    defer { try? FileManager.default.removeItem(at: folder) }
    func path(_ name: String) -> String { folder.appendingPathComponent(name).path }
    let device = try await simulator(
      ["sunspec-hybrid@4", "--point", "power_w=1234", "--point", "soc_percent=55"], folder: folder)
    let arguments = ["--unit", "4", "--profile", "sunspec-hybrid", "--profiles", Holdfast.profiles, "--count", "2"]
    let dumped = try Holdfast.run(
      ["registers", "dump", "--tcp", "127.0.0.1:\(device.port)", "-o", path("first"), "--range", "holding:9-12"]
        + arguments + ["--every", "200ms"])
    #expect(dumped.code == 0, "\(dumped.errors)")
    #expect(dumped.errors.contains("2 requests were refused, 0 not answered"))
    let first = try String(contentsOfFile: path("first"), encoding: .utf8)
    #expect(first.contains("read holding 9 4 at ") && first.contains("exception 2\n"))
    #expect(first.components(separatedBy: "\nsample ").count == 3)

    let decoded = try Holdfast.run("registers", "decode", path("first"), "--profiles", Holdfast.profiles)
    #expect(decoded.lines.contains("0 power_w 1234") && decoded.lines.contains("0 soc_percent 55"))
    #expect(decoded.lines.contains("0 serial 34119087"))

    // One file that holds the program's place from now on: `replay` becomes the simulator.
    let replay = try await ServingProgram(
      Holdfast.program(), ["registers", "replay", path("first"), "--tcp", "0"], folder: folder)
    let again = try Holdfast.run(
      ["registers", "dump", "--tcp", "127.0.0.1:\(replay.port)", "--range", "holding:9-12"] + arguments
        + ["--every", "200ms"])
    #expect(again.code == 0, "\(again.errors)")
    #expect(answers(again.output) == answers(first))
    #expect(replay.child.terminate() == 0)
  }

  @Test func aDeviceOfTheConfigurationIsRecordedWithoutItsSerialNumber() async throws {
    let folder = try TemporaryFolder.make("registers")
    defer { try? FileManager.default.removeItem(at: folder) }
    let device = try await simulator(["sunspec-hybrid@1"], folder: folder)
    let config = folder.appendingPathComponent("site.yaml").path
    let site = """
      site: {id: mill-lane-4, time_zone: Europe/Berlin, latitude: 52.52, longitude: 13.40, mode: monitor}
      buses: {roof: {modbus_tcp: "127.0.0.1:\(device.port)"}}
      devices:
        hybrid: {profile: sunspec-hybrid, bus: roof, unit: 1}
      journal: {budget: 200 MB}
      """
    try site.write(toFile: config, atomically: true, encoding: .utf8)
    let common = ["--config", config, "--profiles", Holdfast.profiles]
    let answer = try Holdfast.run(["registers", "dump", "hybrid", "--redact"] + common)
    #expect(answer.code == 0, "\(answer.errors)")
    #expect(answer.lines.prefix(4).dropLast() == ["holdfast-registers 1", "device hybrid", "profile sunspec-hybrid"])
    #expect(answer.errors.contains("blanked the serial number at holding 40052…40067"))
    #expect(answer.output.contains("40058: xxxx xxxx xxxx xxxx xxxx xxxx xxxx xxxx"))
    #expect(!answer.output.contains("3334 3131"))
    let unknown = try Holdfast.run(["registers", "dump", "hybird"] + common)
    #expect(unknown.code == 64 && unknown.errors.contains("hybrid"))
  }

  @Test func whereNobodyIsThereNothingIsInvented() async throws {
    let folder = try TemporaryFolder.make("registers")
    defer { try? FileManager.default.removeItem(at: folder) }
    let device = try await simulator(["eastron-sdm630@1"], folder: folder)
    let target = ["registers", "dump", "--tcp", "127.0.0.1:\(device.port)", "--profiles", Holdfast.profiles]
    let nobody = try Holdfast.run(target + ["--unit", "9", "--profile", "eastron-sdm630"])
    #expect(nobody.code == 69)
    #expect(nobody.output.contains("exception 11"))
    #expect(!nobody.lines.contains { $0.hasPrefix("  ") }, "registers of nobody: \(nobody.output)")
    let noChain = try Holdfast.run(target + ["--unit", "1"])
    #expect(noChain.code == 65 && noChain.errors.contains("no SunSpec marker"))
    _ = device.child.terminate()
    let closed = try Holdfast.run(target + ["--unit", "1"])
    #expect(closed.code == 69 && closed.output.isEmpty && closed.errors.contains("no connection"))
  }

  @Test func nonsenseIsRefusedInWords() throws {
    for (arguments, words) in [
      (["dump"], "say what to read"), (["dump", "meter", "--tcp", "h"], "say what to read"),
      (["dump", "--tcp", "h:0", "--unit", "1"], "no HOST"), (["dump", "--tcp", "h"], "--unit wants"),
      (["dump", "--tcp", "h", "--unit", "1", "--range", "ram:1"], "no range"),
      (["dump", "--tcp", "h", "--unit", "1", "--every", "1h"], "no time"),
      (["dump", "--serial", "/dev/x", "--line", "9600", "--unit", "1"], "no line"),
      (["dump", "--tcp", "h", "--unit", "1", "--range", "coil:1", "--redact"], "--redact needs a profile"),
      (["dump", "--tcp", "h", "--unit", "1", "--profile", "nothing"], "no profile 'nothing'"),
    ] {
      let answer = try Holdfast.run(["registers"] + arguments)
      #expect(answer.code == 64, "\(arguments)")
      #expect(answer.errors.contains(words), "\(arguments): \(answer.errors)")
    }
    let folder = try TemporaryFolder.make("registers")
    defer { try? FileManager.default.removeItem(at: folder) }
    let file = folder.appendingPathComponent("broken").path
    try "holdfast-registers 1\nunit 1\nread x\nbegan now\n".write(toFile: file, atomically: true, encoding: .utf8)
    let broken = try Holdfast.run("registers", "decode", file)
    #expect(broken.code == 65)
    #expect(broken.errors.contains("\(file): line 3: 'read' wants") && broken.errors.contains("line 4: 'began' wants"))
    #expect(try Holdfast.run("registers", "decode", file + "x").code == 66)
  }
}
