import EnergyModel
import Foundation
import Testing

extension Scenarios {
  /// The agent is killed, stopped and hangs, once each. Each time the inverter reverts by itself, and nothing of before is
  /// written afterwards.
  @Test(.timeLimit(.minutes(4))) func theInverterRevertsWhateverBecomesOfTheAgent() async throws {
    let tally = try await AgentChaos(seed: .random(in: 0...999_999), rounds: AgentChaos.Kind.allCases).run()
    #expect(tally.reverted == 3 && tally.stale == 0, "\(tally)")
  }

  /// A hundred times each, or HOLDFAST_ROUNDS, by six sites at once.
  @Test(.enabled(if: isChaos, "with HOLDFAST_CHAOS=1"), .timeLimit(.minutes(60)))
  func theInverterRevertsAHundredTimesEach() async throws {
    let seed = UInt64.random(in: 0...999_999)
    let wanted = ProcessInfo.processInfo.environment["HOLDFAST_ROUNDS"].flatMap(Int.init) ?? 100
    let sites = 6
    let all = AgentChaos.Kind.allCases.flatMap { Array(repeating: $0, count: wanted) }
    var random = SplitMix64(seed: seed)
    let mixed = all.shuffled(using: &random)
    let tally = try await withThrowingTaskGroup(of: AgentChaos.Tally.self) { group in
      for site in 0..<sites {
        let rounds = mixed.indices.filter { $0 % sites == site }.map { mixed[$0] }
        group.addTask { try await AgentChaos(seed: seed * 10 + UInt64(site), rounds: rounds).run() }
      }
      return try await group.reduce(into: AgentChaos.Tally()) { $0.add($1) }
    }
    print("seed \(seed): \(tally)")
    #expect(tally.rounds == 3 * wanted && tally.reverted == tally.rounds && tally.stale == 0, "\(tally)")
  }
}
