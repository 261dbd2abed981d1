import Foundation
import TestKit
import Testing

/// Devices of the simulator on one bus, on a broker or both, and the configuration of their site.
final class SimulatedSite {
  static let profiles = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().appendingPathComponent("config/devices").path

  let folder: URL
  private let child: ChildProcess
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
    let program = try Holdfast.program().replacingOccurrences(
      of: "/holdfast", with: "/holdfast-sim", options: [.backwards, .anchored])
    let output = folder.appendingPathComponent("simulator")
    let words =
      ["device"] + arguments + ["--profiles", profiles, "--tcp", "0"]
      + ["--requests", folder.appendingPathComponent("requests").path]
    child = try ChildProcess(program, words, output: output)
    var port = 0
    try await eventually("it serves") {
      let text = try Data(contentsOf: output)
      guard text.last == UInt8(ascii: "\n") else { return false }
      port = try #require((try JSONSerialization.jsonObject(with: text) as? [String: Any])?["tcp"] as? Int)
      return true
    }
    try """
    site: {id: mill-lane-4, time_zone: Europe/Berlin, latitude: 52.52, longitude: 13.40, mode: control, clock: declared}
    \(configuration(port))
    journal: {budget: 200 MB, when_full: thin-oldest}
    """.write(toFile: file, atomically: true, encoding: .utf8)
  }

  deinit {
    child.kill()
    try? FileManager.default.removeItem(at: folder)
    if folders != Self.profiles { try? FileManager.default.removeItem(atPath: folders) }
  }

  var file: String { folder.appendingPathComponent("site.yaml").path }
  var report: URL { folder.appendingPathComponent("report.json") }
  /// What says where everything is.
  var places: [String] {
    ["--config", file, "--profiles", folders, "--state", folder.appendingPathComponent("state").path]
  }

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
