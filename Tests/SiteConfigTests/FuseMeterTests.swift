import Foundation
import SiteConfig
import TestKit
import Testing

@Suite struct FuseMeterTests {
  private func problems(meterPoints: String) throws -> [String] {
    let folder = try TemporaryFolder.make("profiles")
    defer { try? FileManager.default.removeItem(at: folder) }
    try """
    name: bare-meter
    title: A meter
    source: nobody
    confidence: single
    points: {power_w: {input: 52, type: float32}\(meterPoints)}
    """.write(to: folder.appendingPathComponent("bare-meter.yaml"), atomically: true, encoding: .utf8)
    let site = """
      site: {id: a, time_zone: Europe/Berlin, latitude: 52, longitude: 13, mode: monitor}
      buses: {board: {modbus_tcp: 127.0.0.1}}
      devices: {grid-meter: {profile: bare-meter, bus: board, unit: 1, measures: grid}}
      limits: {fuse: 3 x 35 A, base_load: 1 kW}
      """
    switch ConfigurationLoader.load(text: site, name: "site.yaml", profileFolders: [folder.path]) {
    case .success: return []
    case .failure(let failure): return failure.problems.map(\.description)
    }
  }

  /// Without phase currents the fuse could never be judged, and the agent would stay in its safe state.
  @Test func aFuseNeedsTheCurrentsOfItsPhases() throws {
    let found = try problems(meterPoints: ", current_l1_a: {input: 6, type: float32}")
    #expect(found.contains { $0.contains("limits.fuse") && $0.contains("current_l2_a, current_l3_a") }, "\(found)")
  }

  @Test func aMeterWithAllCurrentsIsFine() throws {
    let currents = (1...3).map { ", current_l\($0)_a: {input: \(4 + 2 * $0), type: float32}" }.joined()
    let found = try problems(meterPoints: currents)
    #expect(!found.contains { $0.contains("limits.fuse") }, "\(found)")
  }
}
