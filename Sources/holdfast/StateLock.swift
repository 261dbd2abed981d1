import Foundation
import Glibc

/// Who controls the site of a state folder: the agent while it runs, or a tool that writes to devices. A lock of the
/// folder itself, so that nobody has to own a file in it; it goes with the process, however that ends.
final class StateLock {
  enum Answer {
    case taken(StateLock)
    /// Another process has it.
    case busy
    /// Nobody can tell.
    case unknown(Int32)
  }

  private let descriptor: Int32

  private init(_ descriptor: Int32) { self.descriptor = descriptor }

  deinit { close(descriptor) }

  static func take(_ folder: String) -> Answer {
    let descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else { return .unknown(errno) }
    if flock(descriptor, LOCK_EX | LOCK_NB) == 0 { return .taken(StateLock(descriptor)) }
    let code = errno
    close(descriptor)
    return code == EWOULDBLOCK ? .busy : .unknown(code)
  }
}
