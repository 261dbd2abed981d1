import EnergyModel
import Foundation
import Testing

@testable import Journal

/// Writes and syncs that fail, once or for a while, at any moment: nobody waits, and nothing is lost that is not
/// counted.
@Suite struct FailingDiskTests {
  private static let isChaos = ProcessInfo.processInfo.environment["HOLDFAST_CHAOS"] != nil

  @Test func whatWaitedIsCommittedOrCountedOnceTheDiskIsHealed() async throws {
    let count = Self.isChaos ? 600 : 60
    var findings: [String] = []
    var hits = 0
    var moments: [FaultRun.Moment: Int] = [:]
    var longest = Duration.zero
    for seed in 1...count {
      let run = FaultRun(seed: UInt64(seed))
      try await run.run()
      findings += await run.findings
      longest = max(longest, await run.longestPost)
      guard await run.wasHit else { continue }
      hits += 1
      moments[run.plan.moment, default: 0] += 1
    }
    #expect(findings.isEmpty, "\(findings.joined(separator: "\n"))")
    let counts = FaultRun.Moment.allCases.map { "\(moments[$0] ?? 0) at \($0.rawValue)" }
    print("\(hits) runs with failing operations: \(counts.joined(separator: ", ")); longest post \(longest)")
    #expect(hits >= count * 2 / 3)
    #expect(FaultRun.Moment.allCases.allSatisfy { moments[$0] ?? 0 > 0 })
    // Twelve posts of each kind, on a machine that may be busy with other things.
    #expect(longest < .seconds(1))
  }
}
