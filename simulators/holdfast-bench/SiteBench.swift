import Foundation
import SiteClient
import SiteStage
import TestKit

/// What the agent costs while it runs the demo's site.
struct SiteBench {
  let programs: URL
  let config: String
  let seconds: Int

  func run() async throws {
    var options = SiteStage.Options(programs: programs, configuration: URL(fileURLWithPath: config))
    options.simulator = ["--sky", "2026-06-21T09:40:00Z", "--seed", "7", "--soc", "55", "--export-cap", "5880"]
    var starts: [Double] = []
    for round in 0..<5 {
      let stage = try SiteStage(options)
      defer {
        stage.stop()
        stage.removeFolder()
      }
      try stage.startSimulator()
      try await eventually(within: 10, "the simulator") { Loopback.accepts(stage.ports.inverter) }
      starts.append(try await startToFirstSetpoint(stage))
      if round == 4 { try await watch(stage) }
    }
    print(
      String(
        format: "start to first setpoint confirmed: %.2f s (median of 5; %@)", median(starts),
        Bounds.aim(median(starts), atMost: 2)))
  }

  private func startToFirstSetpoint(_ stage: SiteStage) async throws -> Double {
    let start = DispatchTime.now().uptimeNanoseconds
    try stage.startAgent()
    try await eventually(within: 30, "a setpoint") {
      guard let site = try? await stage.client.site() else { return false }
      return site.setpoints.confirmed > 0
    }
    return Double(DispatchTime.now().uptimeNanoseconds - start) / 1e9
  }

  private func watch(_ stage: SiteStage) async throws {
    // The first seconds belong to the start.
    try await Task.sleep(for: .seconds(5))
    guard let pid = stage.agentIdentifier, let before = ProcessCost(of: pid)?.cpu else {
      throw BenchFailure(text: "no agent")
    }
    let start = DispatchTime.now().uptimeNanoseconds
    var resident: [Double] = []
    for _ in 0..<seconds {
      try await Task.sleep(for: .seconds(1))
      resident.append(ProcessCost(of: pid)?.memory ?? .nan)
    }
    let took = Double(DispatchTime.now().uptimeNanoseconds - start) / 1e9
    let spent = (ProcessCost(of: pid)?.cpu ?? .nan) - before
    print(
      String(
        format:
          "agent over %d s of the demo: %.1f MB resident (median; highest %.1f; %@), %.2f %% of a core (%@)",
        seconds, median(resident), resident.max() ?? .nan, Bounds.aim(median(resident), atMost: 64),
        spent / took * 100, Bounds.aim(spent / took * 100, atMost: 2)))
  }
}
