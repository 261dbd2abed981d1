import Glibc

/// A serial port that this process alone uses: two masters on one line would make nonsense of each other's answers.
///
/// The lock is taken before anything touches the line's settings. `flock` tells programs that ask (this one); the
/// exclusive mode of the terminal keeps out those that do not ask, unless they run as root.
struct SerialLock: ~Copyable {
  private let descriptor: Int32

  /// - Throws: `EWOULDBLOCK` where another process has the port, otherwise what opening said.
  init(_ path: String) throws(SystemCode) {
    // Without waiting for a modem's carrier.
    descriptor = open(path, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC)
    guard descriptor >= 0 else { throw SystemCode(number: errno) }
    guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
      let code = errno
      close(descriptor)
      throw SystemCode(number: code)
    }
  }

  /// Nobody else may open the port from now on.
  func exclude() { _ = ioctl(descriptor, UInt(TIOCEXCL)) }

  deinit {
    _ = ioctl(descriptor, UInt(TIOCNXCL))
    close(descriptor)
  }
}

struct SystemCode: Error {
  let number: Int32
}
