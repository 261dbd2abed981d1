import Foundation
import TestKit
import Testing

/// `holdfast check`: a configuration or profiles alone; what is only read is said.
@Suite(.serialized) struct CheckCommandTests {
  private static let profiles = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().appendingPathComponent("config/devices").path

  @Test func shippedProfiles() throws {
    let names = ["eastron-sdm630", "pylontech-powercube", "keba-p30"].map { "\(Self.profiles)/\($0).yaml" }
    let answer = try Holdfast.run(["check", "--profile"] + names)
    #expect(answer.code == 0, "\(answer.errors)")
    #expect(answer.lines.count == 3)
    #expect(answer.lines.first == "\(names[0]): 16 points, no commands, 3 pieces of evidence: no problems")
    #expect(
      answer.lines.dropFirst().first
        == "\(names[1]): 8 points, no commands, 1 piece of evidence: no problems; experimental: no published example "
        + "confirms its registers")
    #expect(answer.lines.last == "\(names[2]): 4 points, 1 command, 5 pieces of evidence: no problems")
  }

  @Test func devicesOnMQTT() throws {
    let file = "\(Self.profiles)/mqtt/tasmota-switch.yaml"
    let answer = try Holdfast.run("check", "--profile", file)
    #expect(answer.code == 0, "\(answer.errors)")
    #expect(answer.lines == ["\(file): a device on MQTT: no problems"])
  }

  @Test func evidenceThatDoesNotDecode() throws {
    let folder = try TemporaryFolder.make("profile")
    defer { try? FileManager.default.removeItem(at: folder) }
    let file = folder.appendingPathComponent("eastron-sdm630.yaml")
    try String(contentsOfFile: Self.profiles + "/eastron-sdm630.yaml", encoding: .utf8)
      .replacingOccurrences(
        of: "voltage_l1_v: {input: 0, type: float32}", with: "voltage_l1_v: {input: 0, type: float32, order: low-first}"
      )
      .write(to: file, atomically: true, encoding: .utf8)
    let answer = try Holdfast.run("check", "--profile", file.path)
    #expect(answer.code == 78)
    #expect(answer.output.isEmpty)
    #expect(answer.errors.contains(": evidence[0]: voltage_l1_v reads "))
    #expect(answer.errors.hasSuffix("2 problems: nothing was applied\n"))
  }

  @Test func whatIsOnlyReadIsSaid() throws {
    let folder = try TemporaryFolder.make("check")
    defer { try? FileManager.default.removeItem(at: folder) }
    let file = folder.appendingPathComponent("site.yaml")
    let site = """
      site: {id: mill-lane-4, time_zone: Europe/Berlin, latitude: 52.52, longitude: 13.40, mode: control}
      buses: {inverter: {modbus_tcp: 127.0.0.1}}
      devices:
        hybrid:
          profile: sungrow-sh
          bus: inverter
          ac_limit: 10 kW
          battery: {usable: 10.2 kWh, soc: 10..95 %}
      journal: {budget: 200 MB}
      """
    try site.write(to: file, atomically: true, encoding: .utf8)
    let answer = try Holdfast.run("check", file.path, "--profiles", Self.profiles)
    #expect(answer.code == 0, "\(answer.errors)")
    #expect(
      answer.lines == [
        "\(file.path): site mill-lane-4, 1 device, 0 uplinks, mode control: no problems",
        "\(file.path): hybrid is only read: profile sungrow-sh is experimental: no published example confirms what battery_limits writes "
          + "(experimental: confirmed lets it be written)",
      ])
  }
}
