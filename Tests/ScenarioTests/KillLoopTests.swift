import EnergyModel
import Foundation
import SiteClient
import SiteStage
import TestKit
import Testing

extension Scenarios {
  /// A site of fifty-one meters at 1 s is killed with SIGKILL again and again, aimed at commits, checkpoints and
  /// starts, while the aggregator's broker comes and goes. Judged from outside: no committed record is lost, no
  /// seq used twice, no gap unannounced, every file whole, and the first poll soon after each start.
  @Test(.timeLimit(.minutes(4))) func killedWhileFiftyDevicesReport() async throws {
    let seed = UInt64.random(in: 0...999_999)
    let tally = try await KillLoop(seed: seed, kills: 12, patience: 3).run()
    print("seed \(seed): \(tally)")
    // Either side of the frame that completes it: on a busy machine a few tries may all be too late for the first.
    #expect(tally.hits(.commit).all + tally.hits(.mark).all > 0, "\(tally)")
    // Others may keep the machine busy meanwhile; the full run looks closer.
    #expect(tally.firstPoll(part: 1) < 6)
  }

  static let isChaos = ProcessInfo.processInfo.environment["HOLDFAST_CHAOS"] == "1"

  /// 500 kills, or HOLDFAST_KILLS, by four sites at once.
  @Test(.enabled(if: isChaos, "with HOLDFAST_CHAOS=1"), .timeLimit(.minutes(60)))
  func killedFiveHundredTimes() async throws {
    let seed = UInt64.random(in: 0...999_999)
    let kills = ProcessInfo.processInfo.environment["HOLDFAST_KILLS"].flatMap(Int.init) ?? 500
    let tally = try await withThrowingTaskGroup(of: KillTally.self) { group in
      for site in 0..<4 as Range<UInt64> {
        group.addTask { try await KillLoop(seed: seed * 10 + site, kills: kills / 4, patience: 20).run() }
      }
      return try await group.reduce(into: KillTally()) { $0.add($1) }
    }
    print("seed \(seed): \(tally)")
    #expect(tally.kills == kills / 4 * 4)
    // Blind, hardly one in a hundred would meet a checkpoint and none a commit.
    for aim in [KillAim.commit, .mark, .checkpoint, .start] {
      #expect(tally.hits(aim).part >= 0.1, "\(aim): \(tally)")
    }
    #expect(tally.firstPoll(part: 0.99) <= 3, "\(tally)")
  }
}
