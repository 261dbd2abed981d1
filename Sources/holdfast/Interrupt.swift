import EnergyModel
import Glibc
import Synchronization

/// Ctrl-C, SIGTERM and SIGHUP as a word that a tool heeds between two steps: what it wrote to a device is released before it ends.
/// A read that waits for a person ends at once.
enum Interrupt {
  private static let flag = Atomic<Bool>(false)

  static var hasCome: Bool { flag.load(ordering: .relaxed) }

  static func listen() {
    // Made before a signal can want it.
    _ = hasCome
    var action = sigaction()
    action.__sigaction_handler.sa_handler = { _ in Interrupt.flag.store(true, ordering: .relaxed) }
    action.sa_flags = 0
    sigaction(SIGINT, &action, nil)
    sigaction(SIGTERM, &action, nil)
    // The terminal of an installer who was connected from afar is gone.
    sigaction(SIGHUP, &action, nil)
  }

  /// Sleeps in small pieces; false where somebody interrupted.
  static func sleep(_ duration: Duration) -> Bool {
    let end = ContinuousClock.now + duration
    while !hasCome, ContinuousClock.now < end {
      let rest = end - .now
      usleep(UInt32(clamping: max(0, min(rest, .milliseconds(50)).nanoseconds / 1000)))
    }
    return !hasCome
  }
}
