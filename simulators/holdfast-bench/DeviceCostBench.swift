import Foundation
import TestKit

/// What the agent costs while it reads 50 devices of 20 points once a second, each over a connection of its own, and
/// keeps them in its journal. The devices are in this process.
struct DeviceCostBench {
  let programs: URL
  let seconds: Int

  func run() async throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("holdfast-bench-\(UUID().uuidString)")
    let profiles = folder.appendingPathComponent("devices")
    try FileManager.default.createDirectory(at: profiles, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let count = Int(Date().timeIntervalSince1970)
    let peers = try (0..<50).map { unit in
      try ModbusPeer(value: { _, address in
        // Values that change, as those of meters do.
        address < 40
          ? UInt16(truncatingIfNeeded: (Int(Date().timeIntervalSince1970) - count + unit) * 7 + address) : nil
      })
    }
    defer { for peer in peers { peer.stop() } }
    try Self.profile.write(to: profiles.appendingPathComponent("bench.yaml"), atomically: true, encoding: .utf8)
    let site = folder.appendingPathComponent("site.yaml")
    try Self.site(peers).write(to: site, atomically: true, encoding: .utf8)
    let state = folder.appendingPathComponent("state").path
    let agent = try ChildProcess(
      programs.appendingPathComponent("holdfast").path, ["run", site.path, "--state", state, "--log", "error"])
    defer { agent.kill() }
    try await watch(agent.identifier, peers)
  }

  private func watch(_ pid: Int32, _ peers: [ModbusPeer]) async throws {
    // The first seconds belong to the start.
    try await Task.sleep(for: .seconds(10))
    let asked = peers.reduce(0) { $0 + $1.requestCount }
    guard let before = ProcessCost(of: pid) else { throw BenchFailure(text: "no agent") }
    let start = DispatchTime.now().uptimeNanoseconds
    try await Task.sleep(for: .seconds(seconds))
    guard let after = ProcessCost(of: pid) else { throw BenchFailure(text: "the agent ended") }
    let took = Double(DispatchTime.now().uptimeNanoseconds - start) / 1e9
    let polls = Double(peers.reduce(0) { $0 + $1.requestCount } - asked) / took
    guard polls > 45 else { throw BenchFailure(text: "50 devices were read \(polls) times a second") }
    let share = (after.cpu - before.cpu) / took * 100
    print(
      String(
        format:
          "agent with 50 devices of 20 points at 1 s (%.0f polls/s): %.2f %% of a core (%@), %.1f MB resident (%@)",
        polls, share, Bounds.aim(share, atMost: 1.5), after.memory, Bounds.aim(after.memory, atMost: 48)))
  }

  private static let points = [
    "power_w", "power_l1_w", "power_l2_w", "power_l3_w", "voltage_l1_v", "voltage_l2_v", "voltage_l3_v",
    "current_l1_a", "current_l2_a", "current_l3_a", "reactive_power_var", "apparent_power_va", "frequency_hz",
    "pv_power_w", "pv1_power_w", "pv2_power_w", "battery_power_w", "battery_voltage_v", "battery_current_a",
    "battery_temperature_c",
  ]

  private static var profile: String {
    let fields = points.enumerated().map { "  \($1): {holding: \($0 * 2), type: uint16, scale: 0.001}" }
    return """
      name: bench
      title: A device of the bench
      source: this bench
      confidence: single
      points:
      \(fields.joined(separator: "\n"))
      """
  }

  private static func site(_ peers: [ModbusPeer]) -> String {
    let buses = peers.map { "  bus-\($0.port): {modbus_tcp: \"127.0.0.1:\($0.port)\"}" }
    let devices = peers.map { "  device-\($0.port): {profile: bench, bus: bus-\($0.port), unit: 1}" }
    return """
      site: {id: bench, time_zone: Europe/Berlin, latitude: 52.5, longitude: 13.4}
      buses:
      \(buses.joined(separator: "\n"))
      devices:
      \(devices.joined(separator: "\n"))
      journal: {budget: 200 MB, when_full: drop-oldest}
      """
  }
}
