import DeviceProfile
import EnergyModel
import ModbusDevices
import TestKit
import Testing

/// What a device is shown, and spared, by how long a setpoint is wanted.
@Suite(.serialized) struct HeartbeatTests {
  /// The meter that wants to see a counter in holding 80 and 81, low word first.
  private static let watched: DeviceProfile = {
    var profile = TestDevices.meter
    profile.serial = nil
    profile.heartbeat = Heartbeat(
      RegisterField(address: .absolute(.holding, 80), type: .uint32, order: .lowFirst), every: .seconds(1))
    return profile
  }()

  private func with(
    _ profile: DeviceProfile, mayWrite: Bool = true, _ body: (FaultyServer, Recorder, ModbusBus) async throws -> Void
  ) async throws {
    let server = try FaultyServer()
    TestDevices.serveMeter(server)
    server.set([0, 0], at: 80)
    let recorder = Recorder()
    let device = TestDevices.device("meter", profile, mayWrite: mayWrite)
    let bus = TestDevices.bus(server.port, [device], recorder)
    bus.start()
    defer {
      bus.stop()
      bus.join()
      server.stop()
    }
    try await body(server, recorder, bus)
  }

  private func beats(_ server: FaultyServer) -> [FaultyServer.Request] {
    server.requests.filter { $0.function == 16 && $0.address == 80 }
  }

  private func submit(_ bus: ModbusBus, _ recorder: Recorder, _ command: SetpointCommand) async throws {
    bus.submit(command)
    try await eventually("a report") { recorder.outcome(of: command.id) != nil }
    #expect(recorder.outcome(of: command.id) == .confirmed)
  }

  @Test("the counter runs while a setpoint is wanted, once a second, and not before or after")
  func beatsWhileItIsControlled() async throws {
    try await with(Self.watched) { server, recorder, bus in
      try await eventually("ten polls") { recorder.samples(of: "meter").count > 10 }
      #expect(beats(server).isEmpty)
      try await submit(bus, recorder, TestDevices.command(1, .productionLimit, 3000, expires: .milliseconds(2500)))
      // Low word first, of seconds: a machine that has been up for a day needs both.
      func counter() throws -> Int64 {
        Int64(try #require(server.value(81))) << 16 + Int64(try #require(server.value(80)))
      }
      try await eventually("a beat") { try counter() != 0 }
      let first = try counter()
      #expect((0...3).contains(SystemTime().now().monotonic.nanoseconds / 1_000_000_000 - first))
      try await eventually("another") { try counter() != first }
      #expect([first + 1, first + 2].contains(try counter()))
      let isBeat = { (request: FaultyServer.Request) in request.function == 16 && request.address == 80 }
      try await eventually("polls without a beat for two seconds") {
        server.requests.reversed().prefix { !isBeat($0) }.count > 200
      }
      #expect((2...4).contains(beats(server).count))
    }
  }

  @Test("a device that is only read sees no counter")
  func readingOnly() async throws {
    try await with(Self.watched, mayWrite: false) { server, recorder, _ in
      try await eventually("ten polls") { recorder.samples(of: "meter").count > 10 }
      #expect(beats(server).isEmpty)
    }
  }

  @Test("a device that polls keep from falling back is left alone once its setpoint has run out")
  func leftToFallBack() async throws {
    var profile = TestDevices.meter
    profile.serial = nil
    profile.commands[0].reversion = .seconds(1)
    profile.commands[0].isResetByReading = true
    try await with(profile) { server, recorder, bus in
      try await submit(bus, recorder, TestDevices.command(1, .productionLimit, 3000, expires: .milliseconds(500)))
      let asked = SystemTime().now().monotonic
      try await eventually("it is read again") {
        (recorder.samples(of: "meter").last?.measured.monotonic ?? asked) > asked + .seconds(2)
      }
      let times = recorder.samples(of: "meter").map(\.measured.monotonic).filter { $0 > asked }
      let gaps = zip(times, times.dropFirst()).map { $1 - $0 }.filter { $0 >= .milliseconds(1000) }
      #expect(gaps.count == 1)
      // Read until it ran out, and not for the second and the tenth that the timer takes.
      #expect(times.filter { $0 < asked + .milliseconds(450) }.count > 2)
      #expect(gaps.allSatisfy { $0 >= .milliseconds(1080) })
    }
  }
}
