import Dispatch
import EnergyModel
import Foundation
import SiteStage

/// When a process is killed: at the moments that hurt most.
///
/// A moment of some tenths of a millisecond is not hit by guessing. Who aims at one watches the file that changes in it,
/// makes the process stand still as soon as it does, and looks: within a commit or a checkpoint it is killed there, and
/// otherwise it goes on until the next. Where the moment does not come in time it is killed all the same.
enum KillAim: String, CaseIterable, Sendable {
  /// Any time.
  case random
  /// Between the first frame of a commit and the one that completes it: the commit must not count.
  case commit
  /// Between that frame and the mark beside the database that speaks of it, with the sync in between: the commit may
  /// count, and its seqs must not be given again.
  case mark
  /// While pages are being moved into the database.
  case checkpoint
  /// Before the row that counts the start is committed.
  case start

  /// Each as often as it is to be aimed at, in any order.
  static func dozen(_ random: inout SplitMix64) -> [KillAim] {
    let dozen: [KillAim] = [
      .commit, .commit, .commit, .commit, .mark, .mark, .checkpoint, .checkpoint, .start, .start, .random, .random,
    ]
    return dozen.shuffled(using: &random)
  }

  /// What is known of the site.
  struct Knowledge: Sendable {
    /// What the death before left.
    var left = WriteAheadLog()
    /// From the start of the process to its row, s.
    var startLength = 0.15
  }

  /// Waits for the moment and sends SIGKILL in it.
  /// - Parameter patience: seconds to wait for a checkpoint.
  func kill(_ stage: SiteStage, _ known: Knowledge, patience: Double, _ random: inout SplitMix64) async throws {
    guard let process = stage.agentIdentifier else { return }
    let database = stage.database
    switch self {
    case .random:
      try await Scenario.sleep(Double.random(in: 0.4...6, using: &random))
    case .start:
      try await Scenario.sleep(Double.random(in: 0...1.5, using: &random) * known.startLength)
    case .commit, .mark:
      try await Scenario.sleep(Double.random(in: 0...1.5, using: &random))
      let wanted = self == .commit ? WriteAheadLog.Commit.begun : .written
      let ambush = Ambush(process: process, file: database.path + "-wal", seconds: 8, isShort: true)
      await Self.wait { ambush.spring { WriteAheadLog.commit(database) == wanted } }
    case .checkpoint:
      // Half of them the one that moves what the death before left.
      if Bool.random(using: &random) { try await Scenario.sleep(1) }
      let ambush = Ambush(process: process, file: database.path, seconds: patience)
      await Self.wait { ambush.spring { known.left.isCheckpointUnderWay(database) } }
    }
    stage.killAgent()
  }

  /// On a thread that nothing else waits for.
  private static func wait(_ work: @escaping @Sendable () -> Void) async {
    await withCheckedContinuation { continuation in
      DispatchQueue.global(qos: .userInteractive).async {
        work()
        continuation.resume()
      }
    }
  }
}

/// Lies in wait for a process at a file that it writes.
private struct Ambush: Sendable {
  var process: pid_t
  var file: String
  /// At most so long.
  var seconds: Double
  /// What is waited for takes some hundredths of a millisecond and comes once a second: between two of them nobody looks,
  /// and then without a pause.
  var isShort = false

  /// - Parameter isHit: asked while the process stands still. It is killed if this is true, and goes on if not.
  func spring(_ isHit: () -> Bool) {
    let end = Date().addingTimeInterval(seconds)
    let descriptor = open(file, O_RDONLY | O_CLOEXEC)
    defer { close(descriptor) }
    var known = WriteAheadLog.Stamp(descriptor)
    if isShort {
      while WriteAheadLog.Stamp(descriptor) == known, Date() < end { usleep(500) }
      known = letPass(descriptor)
    }
    while Date() < end {
      guard hasChanged(descriptor, known) else {
        if !isShort { usleep(50) }
        continue
      }
      guard stand(), !isHit() else { break }
      Foundation.kill(process, SIGCONT)
      known = isShort ? letPass(descriptor) : WriteAheadLog.Stamp(descriptor)
    }
    Foundation.kill(process, SIGKILL)
  }

  private func letPass(_ descriptor: Int32) -> WriteAheadLog.Stamp {
    usleep(850_000)
    return WriteAheadLog.Stamp(descriptor)
  }

  private func hasChanged(_ descriptor: Int32, _ known: WriteAheadLog.Stamp) -> Bool {
    for _ in 0..<(isShort ? 1000 : 1) where WriteAheadLog.Stamp(descriptor) != known { return true }
    return false
  }

  /// SIGSTOP, and waits until every thread stands still. False where it has not in 2 s.
  private func stand() -> Bool {
    Foundation.kill(process, SIGSTOP)
    for _ in 0..<20_000 {
      var report = siginfo_t()
      // An end is left to whoever started it.
      guard waitid(P_PID, id_t(process), &report, WSTOPPED | WNOHANG) == 0 else { return false }
      if report.si_signo == SIGCHLD { return true }
      usleep(50)
    }
    return false
  }
}
