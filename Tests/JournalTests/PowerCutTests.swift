import EnergyModel
import Foundation
import Testing

@testable import Journal

/// The power may go at any moment: nothing is lost that a commit returned for, and no file is damaged. How bad
/// a power cut may be is written in `CFaultDisk.h`.
@Suite struct PowerCutTests {
  /// Of lives of 20 cuts each, so that the journal gets to its budget. `HOLDFAST_SEED` shows one again.
  private static var seeds: [UInt64] {
    let environment = ProcessInfo.processInfo.environment
    if let seed = environment["HOLDFAST_SEED"].flatMap(UInt64.init) { return [seed] }
    return Array(1...(environment["HOLDFAST_CHAOS"] == nil ? 4 : 100))
  }

  /// Two at a time.
  private func live(_ seeds: [UInt64], weakness: PowerLife.Weakness = .none) async throws -> [PowerLife] {
    try await withThrowingTaskGroup(of: PowerLife.self) { group in
      var done: [PowerLife] = []
      for (number, seed) in seeds.enumerated() {
        if number >= 2, let life = try await group.next() { done.append(life) }
        group.addTask {
          let life = try PowerLife(seed: seed, weakness: weakness)
          try await life.live(cuts: 20)
          return life
        }
      }
      for try await life in group { done.append(life) }
      return done
    }
  }

  private func findings(_ lives: [PowerLife]) async -> [String] {
    var findings: [String] = []
    for life in lives { findings += await life.findings }
    return findings
  }

  @Test func nothingThatACommitReturnedForIsLost() async throws {
    let lives = try await live(Self.seeds)
    let findings = await findings(lives)
    #expect(findings.isEmpty, "\(findings.joined(separator: "\n"))")
    var hits: [PowerLife.Stage: Int] = [:]
    for life in lives { hits.merge(await life.hits) { $0 + $1 } }
    let counts = PowerLife.Stage.allCases.map { "\(hits[$0] ?? 0) at \($0.rawValue)" }
    var dropped: UInt64 = 0
    for life in lives { dropped += await life.dropped }
    print("power cuts: \(counts.joined(separator: ", ")); \(dropped) records dropped for the budget")
    #expect(dropped > 0)
    #expect(PowerLife.Stage.allCases.allSatisfy { hits[$0] ?? 0 > 0 })
  }

  /// The loop can fail: this is what the wrapper's own setting would cost.
  @Test func withoutFullSyncsItFindsLostCommitsAndNoDamage() async throws {
    let findings = try await findings(live([1, 2, 3, 4], weakness: .normalSynchronous))
    #expect(findings.contains { $0.contains("lost:") })
    #expect(!findings.contains { $0.contains("damaged") }, "\(findings)")
  }

  @Test func aDiskThatBreaksItsWordIsNoticed() async throws {
    let lives = try await live([1, 2, 3, 4], weakness: .tornSyncs)
    for life in lives { #expect(await !life.findings.isEmpty) }
  }
}
