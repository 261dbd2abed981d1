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
      try await Scenario.sleep(Double.random(in: 0.8...3, using: &random))
      let late = UInt32.random(in: 0...100, using: &random)
      await Self.kill(process, patience: 3) {
        let known = Self.stamp(database)
        return {
          guard Self.stamp(database) != known else { return false }
          if late > 50 { usleep(late - 50) }
          return true
        }
      }
    case .checkpoint:
      await Self.kill(process, patience: patience) {
        { WriteAheadLog.Checkpoint(database).map { $0.isUnderWay(behind: left) } ?? false }
      }
    }
    stage.killAgent()
  }

  /// Looks every few microseconds, on a thread that nothing else waits for.
  private static func kill(
    _ process: pid_t, patience: Double, when makeCondition: @escaping @Sendable () -> () -> Bool
  ) async {
    await withCheckedContinuation { continuation in
      DispatchQueue.global(qos: .userInteractive).async {
        let hasCome = makeCondition()
        let end = Date().addingTimeInterval(patience)
        while !hasCome(), Date() < end { usleep(20) }
        Foundation.kill(process, SIGKILL)
        continuation.resume()
      }
    }
  }

  /// Size and time of change of the write-ahead log.
  private static func stamp(_ database: URL) -> [Int] {
    var status = stat()
    guard stat(database.path + "-wal", &status) == 0 else { return [] }
    return [Int(status.st_size), Int(status.st_mtim.tv_sec), Int(status.st_mtim.tv_nsec)]
  }
}
