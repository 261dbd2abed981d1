import Glibc
import TestKit

/// A socket that reads only when asked to.
final class RawClient {
  private var descriptor: Int32

  init(port: Int, receiveBuffer: Int32? = nil) throws {
    descriptor = try Loopback.connection(to: port, receiveBuffer: receiveBuffer)
    _ = fcntl(descriptor, F_SETFL, O_NONBLOCK)
  }

  deinit { close() }

  func close() {
    if descriptor >= 0 { Glibc.close(descriptor) }
    descriptor = -1
  }

  func send(_ text: String) { _ = Glibc.send(descriptor, text, text.utf8.count, Int32(MSG_NOSIGNAL)) }

  /// Everything up to the moment when `isEnough`.
  func read(until isEnough: (String) -> Bool) async throws -> String {
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 65_536)
    try await eventually("enough is read") {
      let count = recv(descriptor, &buffer, buffer.count, 0)
      if count > 0 { bytes += buffer[..<count] }
      return isEnough(String(decoding: bytes, as: UTF8.self))
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}

/// Accepts connections in the kernel and never answers.
final class SilentServer {
  let port = Loopback.freePort()
  private let descriptor: Int32

  init() throws { descriptor = try Loopback.listener(port: port, backlog: 4) }

  deinit { close(descriptor) }
}
