import DeviceProfile
import EnergyModel
import Glibc
import ModbusDevices
import TestKit
import Testing

/// Others read through us, over real sockets.
@Suite(.serialized) struct RegisterServerTests {
  private func with(
    _ server: FaultyServer, _ body: (Recorder, Int) async throws -> Void
  ) async throws {
    let recorder = Recorder()
    let port = Loopback.freePort()
    let bus = ModbusBus(
      name: "test", .tcp(host: "127.0.0.1", port: server.port),
      serve: ServedAddress(address: "127.0.0.1", port: port), devices: [TestDevices.device()], time: SystemTime(),
      samples: recorder, reports: recorder, events: recorder)
    bus.start()
    defer {
      bus.stop()
      bus.join()
      server.stop()
      #expect(!Loopback.accepts(port))
    }
    try await eventually("a value and the server") {
      recorder.hasGood("meter", .power, 1500) && !recorder.events(named: "register-server-started").isEmpty
    }
    try await body(recorder, port)
  }

  /// What comes within a second; empty where the connection is ended.
  private func answer(_ port: Int, _ bytes: [UInt8], count: Int) throws -> [UInt8] {
    let client = try Loopback.connection(to: port)
    defer { close(client) }
    var limit = timeval(tv_sec: 2, tv_usec: 0)
    setsockopt(client, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
    _ = send(client, bytes, bytes.count, Int32(MSG_NOSIGNAL))
    var answer = [UInt8](repeating: 0, count: count)
    let received = recv(client, &answer, count, Int32(MSG_WAITALL))
    return Array(answer.prefix(max(received, 0)))
  }

  @Test func whatWeReadCanBeReadFromUsAndNothingElse() async throws {
    let server = try FaultyServer()
    TestDevices.serveMeter(server)
    try await with(server) { _, port in
      let answered = try answer(port, [0, 9, 0, 0, 0, 6, 1, 3, 0, 0, 0, 1], count: 11)
      #expect(answered == [0, 9, 0, 0, 0, 5, 1, 3, 2, 5, 0xDC])
      // A write, and a register that we do not read ourselves: refused, and the device never hears of it.
      #expect(try answer(port, [0, 9, 0, 0, 0, 6, 1, 6, 0, 40, 0, 1], count: 9).suffix(2) == [0x86, 1])
      #expect(try answer(port, [0, 9, 0, 0, 0, 6, 1, 3, 0, 40, 0, 1], count: 9).suffix(2) == [0x83, 2])
      #expect(!server.requests.contains { $0.address == 40 })
      #expect(server.connections == 1)
      #expect(server.value(40) == 0)
    }
  }

  @Test func nonsenseEndsTheClientAndNothingElse() async throws {
    let server = try FaultyServer()
    TestDevices.serveMeter(server)
    try await with(server) { _, port in
      #expect(try answer(port, Array("GET / HTTP/1.1\r\n\r\n".utf8), count: 1) == [])
      // Clients that only connect do not keep the others out for ever: eight at most, the rest is turned away.
      let idle = try (0..<12).map { _ in try Loopback.connection(to: port) }
      for client in idle { close(client) }
      try await eventually("room again") {
        (try? answer(port, [0, 9, 0, 0, 0, 6, 1, 3, 0, 0, 0, 1], count: 11))?.count == 11
      }
    }
  }

  @Test func anAddressThatIsTakenIsToldAndTheBusReads() async throws {
    let server = try FaultyServer()
    TestDevices.serveMeter(server)
    let recorder = Recorder()
    let bus = ModbusBus(
      name: "test", .tcp(host: "127.0.0.1", port: server.port),
      serve: ServedAddress(address: "127.0.0.1", port: server.port), devices: [TestDevices.device()],
      time: SystemTime(), samples: recorder, reports: recorder, events: recorder)
    bus.start()
    defer {
      bus.stop()
      bus.join()
      server.stop()
    }
    try await eventually("a value and the reason") {
      recorder.hasGood("meter", .power, 1500) && recorder.events(named: "register-server-failed").count == 1
    }
  }
}
