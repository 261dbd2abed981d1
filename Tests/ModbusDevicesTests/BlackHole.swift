import Glibc
import TestKit

/// A port whose queue of waiting connections is full: the system drops what knocks.
struct BlackHole {
  let port = Loopback.freePort()
  private var descriptors: [Int32] = []

  init() {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = UInt16(port).bigEndian
    address.sin_addr.s_addr = inet_addr("127.0.0.1")
    withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
        let length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        bind(listener, address, length)
        listen(listener, 0)
        descriptors.append(listener)
        for _ in 0..<4 {
          let client = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue), 0)
          connect(client, address, length)
          descriptors.append(client)
        }
      }
    }
  }

  func close() { for descriptor in descriptors { Glibc.close(descriptor) } }
}
