import Foundation
import TestKit
import Testing

/// The bad line must be as bad as it says, or the tests that stand on it show nothing.
@Suite struct FaultProxyTests {
  /// A server of one connection, a proxy before it, and a client.
  final class Line {
    let proxy: FaultProxy
    private let listener: Int32
    private(set) var client: Int32 = -1
    private(set) var server: Int32 = -1

    init(shape: FaultProxy.Shape = .init()) throws {
      let port = Loopback.freePort()
      listener = try Loopback.listener(port: port, backlog: 8, receiveBuffer: 65_536)
      proxy = try FaultProxy(to: port, shape: shape)
      try connect()
    }

    func connect() throws {
      client = try Loopback.connection(to: proxy.port, sendBuffer: 65_536)
      Self.setPatience(client)
    }

    func acceptAtServer() {
      server = accept(listener, nil, nil)
      Self.setPatience(server)
    }

    /// A blocked call gives up after half a second.
    private static func setPatience(_ socket: Int32) {
      var patience = timeval(tv_sec: 0, tv_usec: 500_000)
      for option in [SO_RCVTIMEO, SO_SNDTIMEO] {
        setsockopt(socket, SOL_SOCKET, option, &patience, socklen_t(MemoryLayout<timeval>.size))
      }
    }

    static func send(_ count: Int, to socket: Int32) -> Int {
      let bytes = [UInt8](repeating: 7, count: count)
      return Foundation.send(socket, bytes, count, Int32(MSG_NOSIGNAL))
    }

    /// Up to so many bytes; 0 for an end, -1 for an error or for nothing within half a second.
    static func receive(_ count: Int, from socket: Int32) -> Int {
      var bytes = [UInt8](repeating: 0, count: count)
      return recv(socket, &bytes, count, 0)
    }

    func close() {
      for socket in [client, server, listener] where socket >= 0 { Foundation.close(socket) }
      proxy.stop()
    }
  }

  @Test func carriesBothWaysAndTellsTheEnd() throws {
    let line = try Line()
    defer { line.close() }
    line.acceptAtServer()
    #expect(Line.send(10, to: line.client) == 10)
    #expect(Line.receive(100, from: line.server) == 10)
    #expect(Line.send(20, to: line.server) == 20)
    #expect(Line.receive(100, from: line.client) == 20)
    #expect(line.proxy.carried == (10, 20))
    shutdown(line.client, Int32(SHUT_WR))
    #expect(Line.receive(100, from: line.server) == 0)
  }

  /// 100,000 bytes at 2 Mbit/s are 0.4 s, the first of them after 0.1 s.
  @Test func keepsItsRateAndItsDelay() throws {
    let line = try Line(shape: .init(bitsPerSecond: 2_000_000, delay: .milliseconds(100)))
    defer { line.close() }
    line.acceptAtServer()
    let clock = ContinuousClock()
    let begun = clock.now
    #expect(Line.send(1, to: line.client) == 1)
    #expect(Line.receive(1, from: line.server) == 1)
    #expect(clock.now - begun >= .milliseconds(100))
    #expect(clock.now - begun < .milliseconds(400))

    let sending = clock.now
    var left = 100_000
    let client = line.client
    Thread.detachNewThread { _ = Line.send(100_000, to: client) }
    while left > 0 {
      let count = Line.receive(left, from: line.server)
      guard count > 0 else { break }
      left -= count
    }
    #expect(left == 0)
    #expect(clock.now - sending >= .milliseconds(480))
    #expect(clock.now - sending < .milliseconds(1500))
  }

  /// Whoever sends into a line that nobody reads at the other end is soon held up.
  @Test func keepsNoMoreThanItsBuffers() throws {
    let line = try Line()
    defer { line.close() }
    line.acceptAtServer()
    var taken = 0
    while taken < 4_000_000 {
      let count = Line.send(50_000, to: line.client)
      guard count > 0 else { break }
      taken += count
    }
    #expect(taken < 1_000_000, "\(taken)")
    #expect(line.proxy.carried.up < 500_000)
  }

  @Test func swallowsEverythingForEver() throws {
    let line = try Line()
    defer { line.close() }
    line.acceptAtServer()
    line.proxy.set(.blackHole)
    #expect(Line.send(10, to: line.client) == 10)
    #expect(Line.receive(10, from: line.server) == -1)
    shutdown(line.server, Int32(SHUT_RDWR))
    #expect(Line.receive(10, from: line.client) == -1)
    #expect(errno == EAGAIN)
    line.proxy.set(.pass)
    #expect(Line.receive(10, from: line.client) == -1)
    #expect(errno == EAGAIN)
  }

  @Test func resetsRefusesAndRecovers() throws {
    let line = try Line()
    defer { line.close() }
    line.acceptAtServer()
    line.proxy.set(.reset)
    #expect(Line.receive(10, from: line.client) == -1)
    #expect(errno == ECONNRESET)
    line.proxy.set(.refuse)
    #expect(!Loopback.accepts(line.proxy.port))
    line.proxy.set(.pass)
    let attempts = line.proxy.attempts.count
    let second = try Loopback.connection(to: line.proxy.port)
    defer { close(second) }
    line.acceptAtServer()
    #expect(Line.send(5, to: second) == 5)
    #expect(Line.receive(10, from: line.server) == 5)
    #expect(line.proxy.attempts.count == attempts + 1)
  }

  @Test func hangsThenLetsIn() async throws {
    let line = try Line()
    defer { line.close() }
    line.acceptAtServer()
    line.proxy.set(.hang)
    let waiting = try Loopback.connection(to: line.proxy.port)
    defer { close(waiting) }
    #expect(Line.send(5, to: waiting) == 5)
    try await eventually("seen") { line.proxy.attempts.count == 2 }
    #expect(Line.receive(10, from: line.server) == -1, "nobody serves it")
    line.proxy.set(.pass)
    line.acceptAtServer()
    #expect(Line.receive(10, from: line.server) == 5)
    #expect(line.proxy.attempts.count == 2, "it knocked before")
  }

  @Test func dripsAndAnswersNonsense() throws {
    let line = try Line()
    defer { line.close() }
    line.acceptAtServer()
    line.proxy.set(.drip(bytesPerSecond: 10))
    #expect(Line.send(5, to: line.client) == 5)
    let clock = ContinuousClock()
    let begun = clock.now
    for _ in 0..<5 { #expect(Line.receive(10, from: line.server) == 1) }
    #expect(clock.now - begun >= .milliseconds(380))
    line.proxy.set(.garbage)
    let second = try Loopback.connection(to: line.proxy.port)
    defer { close(second) }
    #expect(Line.send(5, to: second) == 5)
    #expect(Line.receive(100, from: second) > 5)
  }
}
