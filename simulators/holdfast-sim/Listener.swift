import EnergyModel
import Glibc

/// A bus's listening socket on an address of this machine's loopback.
struct Listener: Sendable {
  /// As the ready line has it.
  let name: String
  let bus: Int
  let descriptor: Int32
  /// The real one, also where 0 was asked for.
  let port: UInt16

  init(name: String, bus: Int, port: UInt16, address host: String = "127.0.0.1") throws {
    self.name = name
    self.bus = bus
    descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue | SOCK_CLOEXEC.rawValue), 0)
    guard descriptor >= 0 else { throw SystemError("cannot make a socket") }
    // A simulator that is killed and started again finds its port free at once.
    var yes: Int32 = 1
    setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<Int32>.size))
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = inet_addr(host)
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let socket = descriptor
    let result = withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic in
        guard bind(socket, generic, length) == 0, listen(socket, 16) == 0 else { return Int32(-1) }
        return getsockname(socket, generic, &length)
      }
    }
    guard result == 0 else {
      let error = SystemError("cannot listen on \(host):\(port)")
      close(descriptor)
      throw error
    }
    self.port = UInt16(bigEndian: address.sin_port)
  }

  /// The next client; nil while none waits.
  func accept() -> Int32? {
    let client = Glibc.accept(descriptor, nil, nil)
    guard client >= 0 else { return nil }
    _ = fcntl(client, F_SETFL, O_NONBLOCK)
    _ = fcntl(client, F_SETFD, FD_CLOEXEC)
    var yes: Int32 = 1
    setsockopt(client, Int32(IPPROTO_TCP), TCP_NODELAY, &yes, socklen_t(MemoryLayout<Int32>.size))
    return client
  }

  /// How long a client has been connected already, at least: it waited to be accepted, and began to count then.
  static func age(of client: Int32) -> Duration {
    var information = tcp_info()
    var length = socklen_t(MemoryLayout<tcp_info>.size)
    guard getsockopt(client, Int32(IPPROTO_TCP), TCP_INFO, &information, &length) == 0 else { return coarseness }
    return .milliseconds(Int64(information.tcpi_last_ack_recv)) + coarseness
  }

  /// The kernel counts in its ticks, up to 10 ms each.
  private static let coarseness = Duration.milliseconds(10)
}
