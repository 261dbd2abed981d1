import Dispatch
import EnergyModel
import Foundation
import SiteStage

/// When a process is killed: at the moments that hurt most.
enum KillAim: CaseIterable, Sendable {
  /// Any time.
  case random
  /// As soon as the write-ahead log changes.
  case commit
  /// As soon as pages are being moved into the database.
  case checkpoint
  /// While it starts.
  case start

  static func any(_ random: inout SplitMix64) -> KillAim {
    switch Double.random(in: 0..<1, using: &random) {
    case ..<0.25: .random
    case ..<0.6: .commit
    case ..<0.8: .checkpoint
    default: .start
    }
  }

  /// Waits for the moment and sends SIGKILL in it. Where it does not come in time, kills anyway.
  /// - Parameters:
  ///   - left: what the death before left.
  ///   - patience: seconds to wait for a checkpoint.
  func kill(_ stage: SiteStage, behind left: WriteAheadLog, patience: Double, _ random: inout SplitMix64) async throws {
    guard let process = stage.agentIdentifier else { return }
    let database = stage.database
    switch self {
    case .random:
      try await Scenario.sleep(Double.random(in: 0.4...4, using: &random))
    case .start:
      try await Scenario.sleep(Double.random(in: 0...0.4, using: &random))
    case .commit:
      try await Scenario.sleep(Double.random(in: 0.3...2, using: &random))
      let late = UInt32.random(in: 0...60, using: &random)
      let log = database.path + "-wal"
      await Self.kill(process) { Self.awaitCommit(log, late: late) }
    case .checkpoint:
      await Self.kill(process) {
        let end = Date().addingTimeInterval(patience)
        while Date() < end, WriteAheadLog.Checkpoint(database)?.isUnderWay(behind: left) != true { usleep(50) }
      }
    }
    stage.killAgent()
  }

  /// Waits on a thread that nothing else waits for.
  private static func kill(_ process: pid_t, after wait: @escaping @Sendable () -> Void) async {
    await withCheckedContinuation { continuation in
      DispatchQueue.global(qos: .userInteractive).async {
        wait()
        Foundation.kill(process, SIGKILL)
        continuation.resume()
      }
    }
  }

  /// Lets one commit pass, and returns as soon as the next one, a second later, has written its first bytes. It
  /// takes some tenths of a millisecond, so for the last moments this looks without a pause.
  /// - Parameter late: microseconds into the commit.
  private static func awaitCommit(_ log: String, late: UInt32) {
    let end = Date().addingTimeInterval(4)
    var known = stamp(log)
    while stamp(log) == known, Date() < end { usleep(500) }
    usleep(850_000)
    known = stamp(log)
    while Date() < end {
      for _ in 0..<100 where stamp(log) != known {
        if late > 30 { usleep(late - 30) }
        return
      }
    }
  }

  /// Size and time of change of the write-ahead log.
  private static func stamp(_ log: String) -> SIMD2<Int> {
    var status = stat()
    guard stat(log, &status) == 0 else { return .zero }
    return [Int(status.st_size), Int(status.st_mtim.tv_sec) &* 1_000_000_000 &+ Int(status.st_mtim.tv_nsec)]
  }
}
