import DeviceProfile
import Glibc

/// A socket that listens at one address of this machine.
struct ListeningSocket {
  let descriptor: Int32

  /// Nil, with `errno`, where the address cannot be had.
  init?(_ place: ServedAddress) {
    var hints = addrinfo()
    hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE
    hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
    var found: UnsafeMutablePointer<addrinfo>?
    guard getaddrinfo(place.address, String(place.port), &hints, &found) == 0, let found else {
      errno = EADDRNOTAVAIL
      return nil
    }
    defer { freeaddrinfo(found) }
    let kind = Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue)
    descriptor = socket(found.pointee.ai_family, kind, 0)
    guard descriptor >= 0 else { return nil }
    var yes: Int32 = 1
    setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<Int32>.size))
    guard bind(descriptor, found.pointee.ai_addr, found.pointee.ai_addrlen) == 0, listen(descriptor, 8) == 0 else {
      let code = errno
      Glibc.close(descriptor)
      errno = code
      return nil
    }
  }

  /// The next client; nil while none waits.
  func accept() -> Int32? {
    let client = Glibc.accept(descriptor, nil, nil)
    guard client >= 0 else { return nil }
    _ = fcntl(client, F_SETFD, FD_CLOEXEC)
    return client
  }

  func close() { Glibc.close(descriptor) }
}
