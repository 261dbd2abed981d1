import Foundation
import TestKit
import Testing

/// Devices of the simulator on one bus, on a broker or both, and the configuration of their site.
final class SimulatedSite {
  static let profiles = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().appendingPathComponent("config/devices").path

  let folder: URL
  private let simulator: ServingProgram
  private let folders: String

  /// - Parameters:
  ///   - configuration: what follows `site:`, for the port of the bus.
  ///   - profiles: where they are searched; a folder of the test's own goes with the site.
  init(
    _ arguments: [String], profiles: String = SimulatedSite.profiles,
    configuration: (Int) -> String
  ) async throws {
    folder = try TemporaryFolder.make("site")
    folders = profiles
    simulator = try await ServingProgram(
      Holdfast.simulator(),
      ["device"] + arguments + ["--profiles", profiles, "--tcp", "0"]
        + ["--requests", folder.appendingPathComponent("requests").path], folder: folder)
    try """
    site: {id: mill-lane-4, time_zone: Europe/Berlin, latitude: 52.52, longitude: 13.40, mode: control, clock: declared}
    \(configuration(simulator.port))
    journal: {budget: 200 MB, when_full: thin-oldest}
    """.write(toFile: file, atomically: true, encoding: .utf8)
  }

  /// An inverter with a battery, which produces 1 kW.
  static func hybrid(
    serial: String = "34119087", isConfirmed: Bool = true, faults: String? = nil
  ) async throws -> SimulatedSite {
    let folder = try TemporaryFolder.make("faults")
    defer { try? FileManager.default.removeItem(at: folder) }
    var arguments = ["sunspec-hybrid@1"]
    for point in ["power_w=1000", "pv_power_w=1000", "battery_power_w=0", "soc_percent=55"] {
      arguments += ["--point", point]
    }
    if let faults {
      let file = folder.appendingPathComponent("faults")
      try faults.write(to: file, atomically: true, encoding: .utf8)
      arguments += ["--faults", file.path]
    }
    let site = try await SimulatedSite(arguments) { port in
      """
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
      """
    }
    try FileManager.default.createDirectory(atPath: site.state, withIntermediateDirectories: true)
    return site
  }

  deinit {
    try? FileManager.default.removeItem(at: folder)
    if folders != Self.profiles { try? FileManager.default.removeItem(atPath: folders) }
  }

  var file: String { folder.appendingPathComponent("site.yaml").path }
  var state: String { folder.appendingPathComponent("state").path }
  var report: URL { folder.appendingPathComponent("report.json") }
  /// What says where everything is.
  var places: [String] {
    ["--config", file, "--profiles", folders, "--state", state]
  }

  func holdfast(_ words: [String]) throws -> Holdfast.Answer { try Holdfast.run(words + places) }

  /// Values of the writes, in order; with an address, of those that begin there.
  func writes(at address: Int? = nil) throws -> [[Int]] {
    let text = try String(contentsOf: folder.appendingPathComponent("requests"), encoding: .utf8)
    return try text.split(separator: "\n").compactMap { line in
      let request = try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
      guard request?["write"] as? Bool == true else { return nil }
      if let address, request?["address"] as? Int != address { return nil }
      return request?["values"] as? [Int]
    }
  }

  struct Found {
    var outcome: String
    var text: String
  }

  /// What the report lists of a device.
  func reported(_ device: String) throws -> [String: Any] {
    let whole = try JSONSerialization.jsonObject(with: Data(contentsOf: report)) as? [String: Any]
    let devices = whole?["devices"] as? [[String: Any]] ?? []
    return devices.first { $0["device"] as? String == device } ?? [:]
  }

  /// `device check` and what was found of it.
  func findings() throws -> [String: Found] {
    let whole = try JSONSerialization.jsonObject(with: Data(contentsOf: report)) as? [String: Any]
    let findings = whole?["findings"] as? [[String: Any]] ?? []
    let pairs = findings.map { finding in
      (
        "\(finding["device"] ?? "site") \(finding["check"] ?? "")",
        Found(outcome: "\(finding["outcome"] ?? "")", text: "\(finding["text"] ?? "")")
      )
    }
    return Dictionary(pairs, uniquingKeysWith: { first, _ in first })
  }
}
