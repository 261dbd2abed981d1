import DeviceProfile
import EnergyModel
import Foundation
import TestKit
import Testing

/// From a device on a serial line to a recording, and from that to what the agent reads, over a line and over TCP.
@Suite(.serialized) struct RecordedDeviceTests {
  private static let names = [("meter", "eastron-sdm630", 3), ("roof", "sunspec-hybrid", 4)]
  private static let values = [
    "power_w=-1520", "voltage_l1_v=231.5", "current_l1_a=-6.6", "frequency_hz=49.98", "energy_import_wh=1234500",
    "soc_percent=55", "battery_voltage_v=402.5", "pv1_power_w=2210",
  ]

  /// The values as the agent has them, each with its quality.
  private struct Value: Hashable {
    var value: Double?
    var quality: Quality
  }

  private func values(_ devices: [PolledBus.Device], at endpoint: BusEndpoint) async throws -> [String: [Point: Value]]
  {
    try await PolledBus.samples(1, of: devices, at: endpoint).mapValues { samples in
      let readings = samples[0].readings.map { ($0.point, Value(value: $0.value, quality: $0.quality)) }
      return Dictionary(readings) { first, _ in first }
    }
  }

  /// What `holdfast read` says of a device, without when and where.
  private func read(_ device: String, bus: String, folder: URL) throws -> [String: NSObject] {
    let site = folder.appendingPathComponent("site.yaml").path
    let devices = Self.names.map { "  \($0.0): {profile: \($0.1), bus: b, unit: \($0.2)}\n" }.joined()
    let text = """
      site: {id: mill-lane-4, time_zone: Europe/Berlin, latitude: 52.52, longitude: 13.40, mode: monitor}
      buses: {b: {\(bus)}}
      devices:
      \(devices)
      journal: {budget: 200 MB}
      """
    try text.write(toFile: site, atomically: true, encoding: .utf8)
    let answer = try Holdfast.run(
      "read", device, "--json", "--config", site, "--profiles", Holdfast.profiles, "--state", folder.path)
    #expect(answer.code == 0, "\(answer.errors)")
    var json = try #require(try JSONSerialization.jsonObject(with: Data(answer.output.utf8)) as? [String: NSObject])
    for key in ["at", "duration_ms", "measured_ms"] { #expect(json.removeValue(forKey: key) != nil, "\(key)") }
    return json
  }

  @Test func theAgentReadsARecordingAsItReadTheDevice() async throws {
    let folder = try TemporaryFolder.make("recorded")
    defer { try? FileManager.default.removeItem(at: folder) }
    func path(_ name: String) -> String { folder.appendingPathComponent(name).path }
    let devices = try Self.names.map {
      PolledBus.Device(name: $0.0, profile: try PolledBus.profile($0.1), unit: $0.2)
    }
    let specs = Self.names.map { "\($0.1)@\($0.2)=\($0.0)" }
    let device = try await ServingProgram(
      Holdfast.simulator(),
      ["device", "--profiles", Holdfast.profiles, "--tcp", "0", "--rtu", path("line")] + specs
        + Self.values.flatMap { ["--point", $0] },
      folder: folder)

    for (name, profile, unit) in Self.names {
      let dumped = try Holdfast.run(
        "registers", "dump", "--serial", path("line"), "--line", "9600 8N1", "--unit", "\(unit)", "--profile", profile,
        "--profiles", Holdfast.profiles, "-o", path(name))
      #expect(dumped.code == 0, "\(dumped.errors)")
      #expect(dumped.errors.contains("0 requests were refused, 0 not answered"), "\(dumped.errors)")
    }
    let line = SerialLine()
    let original = try await values(devices, at: .serial(path: device.line(), line: line))
    #expect(original["meter"]?[.power] == Value(value: -1520, quality: .good))
    #expect(original["meter"]?[.energyImport] == Value(value: 1_234_500, quality: .good))
    #expect(original["roof"]?[.power] == Value(value: -1520, quality: .good))
    #expect(original["roof"]?[.soc] == Value(value: 55, quality: .good))
    #expect(try await values(devices, at: .tcp(host: "127.0.0.1", port: device.port)) == original)
    let told = try Self.names.map {
      try read($0.0, bus: "modbus_rtu: \(device.line()), line: 9600 8N1", folder: folder)
    }
    #expect(device.child.terminate() == 0)

    let replay = try await ServingProgram(
      Holdfast.program(),
      ["registers", "replay", "\(path("meter"))=meter", "\(path("roof"))=roof", "--tcp", "0", "--rtu", path("again")],
      folder: folder)
    #expect(try await values(devices, at: .serial(path: replay.line(), line: line)) == original)
    #expect(try await values(devices, at: .tcp(host: "127.0.0.1", port: replay.port)) == original)
    for (index, name) in Self.names.map(\.0).enumerated() {
      #expect(try read(name, bus: "modbus_rtu: \(replay.line()), line: 9600 8N1", folder: folder) == told[index])
      #expect(try read(name, bus: "modbus_tcp: \"127.0.0.1:\(replay.port)\"", folder: folder) == told[index])
    }
    #expect(replay.child.terminate() == 0)
    #expect(!FileManager.default.fileExists(atPath: path("again")))
  }

  /// Vendors have exceptions of their own: they are answers, on a serial line and over TCP.
  @Test func anExceptionThatNobodyKnowsIsRecordedAndServedAgain() async throws {
    let folder = try TemporaryFolder.make("recorded")
    defer { try? FileManager.default.removeItem(at: folder) }
    func path(_ name: String) -> String { folder.appendingPathComponent(name).path }
    try "0 meter exception 171\n".write(toFile: path("faults"), atomically: true, encoding: .utf8)
    let device = try await ServingProgram(
      Holdfast.simulator(),
      [
        "device", "--profiles", Holdfast.profiles, "--tcp", "0", "--rtu", path("line"), "eastron-sdm630@3=meter",
        "--faults", path("faults"),
      ], folder: folder)
    // The script begins with the first step of the simulator's clock.
    let target = ["registers", "dump", "--unit", "3", "--range", "input:0-9"]
    try await eventually("the fault is there") {
      try Holdfast.run(target + ["--tcp", "127.0.0.1:\(device.port)"]).output.contains("exception")
    }
    var recorded: Holdfast.Answer?
    for place in [["--tcp", "127.0.0.1:\(device.port)"], ["--serial", path("line")]] {
      let answer = try Holdfast.run(target + place)
      #expect(answer.code == 0, "\(answer.errors)")
      #expect(answer.lines.last?.replacing(/at [0-9.]+/, with: "at") == "read input 0 10 at exception 171")
      #expect(answer.errors.contains("1 requests were refused, 0 not answered"), "\(answer.errors)")
      recorded = answer
    }
    #expect(device.child.terminate() == 0)
    try #require(recorded).output.write(toFile: path("meter"), atomically: true, encoding: .utf8)
    let replay = try await ServingProgram(
      Holdfast.program(), ["registers", "replay", path("meter"), "--tcp", "0", "--rtu", path("again")], folder: folder)
    for place in [["--tcp", "127.0.0.1:\(replay.port)"], ["--serial", path("again")]] {
      let answer = try Holdfast.run(target + place)
      #expect(answer.code == 0 && answer.lines.last?.hasSuffix("exception 171") == true, "\(answer.output)")
    }
    #expect(replay.child.terminate() == 0)
  }
}
