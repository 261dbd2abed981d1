import EnergyModel
import Foundation
import Synchronization
import TestKit

/// A name server of the test's own that takes questions and answers none, until told to: then 127.0.0.1.
final class SilentResolver: Sendable {
  /// On loopback, another one each time: the port is always 53.
  let address = "127.53.\(Int.random(in: 1...254)).\(Int.random(in: 1...254))"
  private struct State {
    var questions = 0
    var answers = false
    var isStopped = false
  }

  private let descriptor: Int32
  private let state = Mutex(State())

  /// Needs the right to listen on port 53.
  init() throws {
    let descriptor = socket(AF_INET, Int32(SOCK_DGRAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
    self.descriptor = descriptor
    var place = sockaddr_in()
    place.sin_family = sa_family_t(AF_INET)
    place.sin_port = UInt16(53).bigEndian
    place.sin_addr.s_addr = inet_addr(address)
    let result = withUnsafePointer(to: &place) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    guard result == 0 else {
      close(descriptor)
      throw TestKitError.didNotStart("a name server")
    }
    var patience = timeval(tv_sec: 0, tv_usec: 50_000)
    setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, socklen_t(MemoryLayout<timeval>.size))
    Thread.detachNewThread { self.run() }
  }

  var questions: Int { state.withLock { $0.questions } }
  func answer() { state.withLock { $0.answers = true } }
  func stop() { state.withLock { $0.isStopped = true } }

  private func run() {
    var packet = [UInt8](repeating: 0, count: 512)
    while !state.withLock({ $0.isStopped }) {
      var peer = sockaddr_in()
      var length = socklen_t(MemoryLayout<sockaddr_in>.size)
      withUnsafeMutablePointer(to: &peer) { pointer in
        pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { peer in
          let count = recvfrom(descriptor, &packet, packet.count, 0, peer, &length)
          guard count > 12 else { return }
          let answers = state.withLock { state in
            state.questions += 1
            return state.answers
          }
          guard answers else { return }
          let reply = Self.reply(Array(packet[..<count]))
          sendto(descriptor, reply, reply.count, 0, peer, length)
        }
      }
    }
    close(descriptor)
  }

  /// The question again, and 127.0.0.1 where an IPv4 address was asked for (RFC 1035, 4.1).
  private static func reply(_ question: [UInt8]) -> [UInt8] {
    var end = 12
    while end < question.count, question[end] != 0 { end += Int(question[end]) + 1 }
    let isIPv4 = end + 2 < question.count && question[end + 2] == 1
    let head = question[..<2] + [0x81, 0x80, 0, 1, 0, isIPv4 ? 1 : 0, 0, 0, 0, 0]
    let body = question[12..<min(question.count, end + 5)]
    let answer: [UInt8] = isIPv4 ? [0xC0, 12, 0, 1, 0, 1, 0, 0, 0, 1, 0, 4, 127, 0, 0, 1] : []
    return Array(head + body + answer)
  }
}
