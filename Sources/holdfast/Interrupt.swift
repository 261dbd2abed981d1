import EnergyModel
import Glibc
import Synchronization

/// Ctrl-C, SIGTERM and SIGHUP as a word that a tool heeds between two steps: what it wrote to a device is released before it ends.
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

  /// Waits for a line, or the end of the input, in small pieces: a signal ends a read of one thread and may be told to another.
  /// False where somebody interrupted.
  static func waits(forInput descriptor: Int32) -> Bool {
    while !hasCome {
      var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
      if poll(&entry, 1, 50) > 0 { return !hasCome }
    }
    return false
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
