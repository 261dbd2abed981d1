import Foundation
import TestKit

/// Accepts connections, by the kernel's backlog alone, and never answers anything.
final class SilentListener {
  let port: Int
  private let descriptor: Int32

  init() throws {
    port = Loopback.freePort()
    descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = UInt16(port).bigEndian
    address.sin_addr.s_addr = inet_addr("127.0.0.1")
    let result = withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    guard result == 0, listen(descriptor, 64) == 0 else { throw TestKitError.didNotStart("a silent listener") }
  }

  deinit { close(descriptor) }
}
