import Glibc
import TestKit

/// Accepts connections, by the kernel's backlog alone, and never answers anything.
final class SilentListener {
  let port = Loopback.freePort()
  private let descriptor: Int32

  init() throws { descriptor = try Loopback.listener(port: port, backlog: 64) }

  deinit { close(descriptor) }
}
