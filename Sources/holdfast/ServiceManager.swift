import CSystemd
import Synchronization

/// Tells systemd that the agent works: READY after the first cycle, WATCHDOG from every cycle. A cycle
/// that hangs stops the watchdog, and nothing else feeds it. Without systemd the calls do nothing.
final class ServiceManager: Sendable {
  private let isReady = Mutex(false)

  /// From inside the control cycle. A datagram to the local socket; it does not wait for an answer.
  func beat() {
    let isFirst = isReady.withLock { isReady in
      defer { isReady = true }
      return !isReady
    }
    _ = sd_notify(0, isFirst ? "READY=1\nWATCHDOG=1" : "WATCHDOG=1")
  }

  func stopping() { _ = sd_notify(0, "STOPPING=1") }
}
