import Glibc

extension Loopback {
  /// A TCP socket and 127.0.0.1 with the port, for `bind` or `connect`.
  /// - Parameters:
  ///   - receiveBuffer: bytes of SO_RCVBUF, which a listener hands on to what it accepts.
  ///   - sendBuffer: bytes of SO_SNDBUF.
  static func open(
    port: Int, receiveBuffer: Int32? = nil, sendBuffer: Int32? = nil,
    _ use: (Int32, UnsafePointer<sockaddr>, socklen_t) -> Int32
  ) throws -> Int32 {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    for (option, size) in [(SO_RCVBUF, receiveBuffer), (SO_SNDBUF, sendBuffer)] {
      guard var size else { continue }
      setsockopt(descriptor, SOL_SOCKET, option, &size, socklen_t(MemoryLayout<Int32>.size))
    }
    var yes: Int32 = 1
    setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<Int32>.size))
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = UInt16(port).bigEndian
    address.sin_addr.s_addr = inet_addr("127.0.0.1")
    let result = withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        use(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    guard result == 0 else {
      close(descriptor)
      throw TestKitError.didNotStart("a socket on port \(port)")
    }
    return descriptor
  }

  /// A listening socket; what connects waits in the kernel until it is accepted.
  public static func listener(port: Int, backlog: Int32, receiveBuffer: Int32? = nil) throws -> Int32 {
    try open(port: port, receiveBuffer: receiveBuffer) { descriptor, address, length in
      bind(descriptor, address, length) == 0 ? listen(descriptor, backlog) : -1
    }
  }

  /// A connected socket.
  public static func connection(
    to port: Int, receiveBuffer: Int32? = nil, sendBuffer: Int32? = nil
  ) throws -> Int32 {
    try open(port: port, receiveBuffer: receiveBuffer, sendBuffer: sendBuffer) { connect($0, $1, $2) }
  }
}
