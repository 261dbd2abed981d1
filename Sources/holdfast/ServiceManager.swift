import CSystemd
import ServiceLifecycle
import Synchronization

/// Tells systemd that the agent works: READY after the first good cycle, WATCHDOG from every cycle. A cycle
/// that hangs stops the watchdog, and nothing else feeds it. Without systemd the calls do nothing.
final class ServiceManager: Service {
  /// A site whose devices do not answer is no reason for systemd to start the agent over and over: after
  /// this many cycles without a good one it counts as started, in its safe state.
  private static let patience = 15

  private let cycles = Mutex((count: 0, isReady: false))

  /// From inside the control cycle. A datagram to the local socket; it does not wait for an answer.
  func beat(isGood: Bool) {
    let becomesReady = cycles.withLock { cycles in
      cycles.count += 1
      guard !cycles.isReady, isGood || cycles.count >= Self.patience else { return false }
      cycles.isReady = true
      return true
    }
    _ = sd_notify(0, becomesReady ? "READY=1\nWATCHDOG=1" : "WATCHDOG=1")
  }

  /// The last service of all, and so the first that a shutdown reaches.
  func run() async throws {
    try? await gracefulShutdown()
    _ = sd_notify(0, "STOPPING=1")
  }
}
