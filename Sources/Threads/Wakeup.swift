public import EnergyModel
import Glibc

/// A bell that wakes one sleeping thread: a pipe that is rung from anywhere and waited for with a
/// deadline. Ringing an awake thread makes its next wait return at once, so no ring is ever missed.
public final class Wakeup: Sendable {
  /// For threads that must watch a socket at the same time. Call ``reset()`` once it is readable.
  public let descriptor: Int32
  private let bell: Int32

  public init() {
    var ends: [Int32] = [-1, -1]
    let result = pipe(&ends)
    precondition(result == 0, "the system has no file descriptor left for a pipe")
    for end in ends {
      _ = fcntl(end, F_SETFL, O_NONBLOCK)
      _ = fcntl(end, F_SETFD, FD_CLOEXEC)
    }
    descriptor = ends[0]
    bell = ends[1]
  }

  deinit {
    close(descriptor)
    close(bell)
  }

  public func ring() {
    var byte: UInt8 = 1
    // Fails only when the pipe is full, and then it is rung already.
    _ = write(bell, &byte, 1)
  }

  public func reset() {
    withUnsafeTemporaryAllocation(byteCount: 256, alignment: 1) { buffer in
      while read(descriptor, buffer.baseAddress, buffer.count) == buffer.count {}
    }
  }

  /// Blocks the calling thread until the bell rings or `deadline` has come; nil waits for the bell alone.
  /// Deadlines are kept to the next full millisecond.
  public func wait(until deadline: MonotonicInstant?) {
    var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
    var timeout: Int32 = -1
    if let deadline {
      let remaining = max(0, (deadline - .current).nanoseconds)
      timeout = Int32(clamping: (remaining + 999_999) / 1_000_000)
    }
    if poll(&entry, 1, timeout) > 0 { reset() }
  }
}

extension MonotonicInstant {
  /// The monotonic clock of the system, which goes on while the machine is suspended, as the devices' own timers do: a
  /// command of before must not seem young afterwards. Only for waiting: what is decided takes its time as an argument.
  public static var current: MonotonicInstant {
    var time = timespec()
    clock_gettime(CLOCK_BOOTTIME, &time)
    return MonotonicInstant(nanoseconds: Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec))
  }
}
