import Foundation
import Glibc
import TestKit
import Testing

/// A meter and an inverter on one simulated bus, which `holdfast` reads over TCP and over a serial line.
final class FaultyBus {
  /// What a read brings.
  struct Read {
    var code: Int32
    var milliseconds: Int
    /// Why there was no answer, or what was refused.
    var trouble: String
    var values: [String: Double]
    var qualities: [String: String]

    func says(_ words: String) -> Bool { code == 69 && trouble.contains(words) }
    func refuses(_ code: Int) -> Bool { qualities["power_w"] == "exception" && trouble.contains("exception \(code) ") }
    func isGood(_ point: String = "power_w") -> Bool { qualities[point] == "good" }
  }

  struct Fault: Sendable {
    var order: String
    var isSerial = false
    /// Also where another client is connected.
    var meetsAnother = false
    var effect: @Sendable (Read) -> Bool

    init(
      _ order: String, isSerial: Bool = false, meetsAnother: Bool = false, _ effect: @escaping @Sendable (Read) -> Bool
    ) {
      (self.order, self.isSerial, self.meetsAnother, self.effect) = (order, isSerial, meetsAnother, effect)
    }
  }

  let folder: URL
  let simulator: ServingProgram

  init(_ more: [String] = [], script: String? = nil) async throws {
    let folder = try TemporaryFolder.make("effects")
    self.folder = folder
    func file(_ name: String, _ text: String) throws -> String {
      let path = folder.appendingPathComponent(name).path
      try text.write(toFile: path, atomically: true, encoding: .utf8)
      return path
    }
    // Silence is to be noticed soon.
    let profile = try String(contentsOfFile: "\(Holdfast.profiles)/eastron-sdm630.yaml", encoding: .utf8)
    _ = try file("eastron-sdm630.yaml", profile.replacingOccurrences(of: "timeout: 1 s", with: "timeout: 300 ms"))
    let values = (0..<1800).map {
      "\($0) meter power_w=\(-1500 - $0) voltage_l1_v=230 energy_import_wh=5000000\n\($0) roof power_w=\(1000 + $0)\n"
    }
    let script = try script.map { ["--faults", try file("faults", $0)] } ?? []
    simulator = try await ServingProgram(
      Holdfast.simulator(),
      [
        "device", "eastron-sdm630@3=meter", "sunspec-hybrid@4=roof", "--profiles", folder.path, "--profiles",
        Holdfast.profiles, "--tcp", "0", "--rtu", folder.appendingPathComponent("line").path, "--baud", "57600",
        "--values", try file("values", values.joined()),
      ] + script + more, folder: folder)
    let places = [
      "tcp": "modbus_tcp: \"127.0.0.1:\(simulator.port)\"",
      "rtu": "modbus_rtu: \(try simulator.line()), line: 9600 8N1",
    ]
    for (name, place) in places {
      _ = try file(
        "\(name).yaml",
        """
        site: {id: mill-lane-4, time_zone: Europe/Berlin, latitude: 52.52, longitude: 13.40, mode: control, clock: declared}
        buses: {b: {\(place)}}
        devices:
          meter: {profile: eastron-sdm630, bus: b, unit: 3, measures: grid}
          roof: {profile: sunspec-hybrid, bus: b, unit: 4, serial: "34119087", experimental: confirmed, ac_limit: 10 kW}
        journal: {budget: 200 MB}
        """)
    }
  }

  deinit { try? FileManager.default.removeItem(at: folder) }

  func run(_ words: [String], isSerial: Bool = false) throws -> Holdfast.Answer {
    try Holdfast.run(
      words + [
        "--config", folder.appendingPathComponent(isSerial ? "rtu.yaml" : "tcp.yaml").path, "--profiles", folder.path,
        "--profiles", Holdfast.profiles, "--state", folder.path,
      ])
  }

  func read(_ device: String = "meter", isSerial: Bool = false) throws -> Read {
    let answer = try run(["read", device, "--json"], isSerial: isSerial)
    let line = Data((answer.lines.first ?? "{}").utf8)
    let json = try #require(
      try JSONSerialization.jsonObject(with: line) as? [String: Any], "\(answer.output) \(answer.errors)")
    let points = json["points"] as? [String: [String: Any]] ?? [:]
    return Read(
      code: answer.code, milliseconds: json["duration_ms"] as? Int ?? 0,
      trouble: json["trouble"] as? String ?? answer.errors,
      values: points.compactMapValues { $0["value"] as? Double },
      qualities: points.compactMapValues { $0["quality"] as? String })
  }

  /// Until a read shows it: an order needs a moment, and the simulator's clock goes in steps.
  func shows(_ fault: Fault) async throws {
    let other = fault.meetsAnother ? try Loopback.connection(to: simulator.port) : -1
    defer { if fault.meetsAnother { close(other) } }
    var last: Read?
    do {
      try await eventually(within: 5, fault.order) {
        let read = try read(isSerial: fault.isSerial)
        last = read
        return fault.effect(read)
      }
    } catch { Issue.record("\(fault.order)\(fault.isSerial ? " on a line" : ""): \(String(describing: last))") }
  }

  /// Whether the meter's power does not change while the inverter's does.
  func standsStill() async throws -> Bool {
    let (meter, roof) = (try read(), try read("roof"))
    try await eventually("a second passes") { try read("roof").values["power_w"] != roof.values["power_w"] }
    let after = try read()
    return meter.isGood() && meter.values["power_w"] == after.values["power_w"]
  }

  func write() throws -> Holdfast.Answer {
    try run(["write", "roof", "production_limit_w", "4 kW", "--keep", "--yes"])
  }
}
