import DeviceProfile
import EnergyModel
import ModbusDevices
import TestKit
import Testing

/// A clean stop in the middle of a write.
@Suite(.serialized) struct ModbusBusStopTests {
  /// The answer to the write comes after half a second, the stop meanwhile: the write is finished and read back.
  @Test func aWriteUnderWayIsFinishedAndReadBack() async throws {
    let server = try FaultyServer()
    TestDevices.serveMeter(server)
    server.fail(.delay(milliseconds: 500), at: 40)
    let recorder = Recorder()
    let bus = TestDevices.bus(
      server.port, [TestDevices.device("meter", TestDevices.patientMeter(.seconds(3)))], recorder)
    bus.start()
    bus.submit(TestDevices.command(1, .productionLimit, 3000))
    try await eventually("the write is under way") { server.requests.contains { $0.function == 16 } }
    bus.stop()
    bus.join()
    server.stop()
    #expect(recorder.outcome(of: 1) == .confirmed)
    let write = try #require(server.requests.firstIndex { $0.function == 16 })
    #expect(server.requests[write...].contains { $0.function == 3 && $0.address == 40 })
  }

  /// The device is silent over the write: the stop waits no longer than the bus's timeouts, and the command has its report.
  @Test func aWriteThatHangsDoesNotHoldUpTheStop() async throws {
    let server = try FaultyServer()
    TestDevices.serveMeter(server)
    server.fail(.swallow, at: 40)
    let recorder = Recorder()
    let bus = TestDevices.bus(
      server.port, [TestDevices.device("meter", TestDevices.patientMeter(.seconds(1)))], recorder)
    bus.start()
    bus.submit(TestDevices.command(1, .productionLimit, 3000))
    try await eventually("the write is under way") { server.requests.contains { $0.function == 16 } }
    let begin = SystemTime().now().monotonic
    bus.stop()
    bus.join()
    server.stop()
    #expect(SystemTime().now().monotonic - begin < .milliseconds(3500))
    guard case .failed? = recorder.outcome(of: 1) else {
      return #expect(Bool(false), "\(String(describing: recorder.outcome(of: 1)))")
    }
  }

  /// A box that wants two seconds between writes has three to get: what is left of the command is told as not written.
  @Test func aStopDoesNotWaitForEveryPause() async throws {
    var profile = TestDevices.meter
    profile.reading.writePause = .seconds(2)
    let values: [WriteValue] = [.parameter(.productionLimit, field: TestDevices.field(40), percentOf: nil)]
    profile.commands[0].writes = (0..<6).map {
      RegisterWrite(start: .absolute(.holding, 40 + $0), values: values, function: .single)
    }
    let server = try FaultyServer()
    TestDevices.serveMeter(server)
    server.set(Array(repeating: 0, count: 6), at: 40)
    let recorder = Recorder()
    let bus = TestDevices.bus(server.port, [TestDevices.device("meter", profile)], recorder)
    bus.start()
    bus.submit(TestDevices.command(1, .productionLimit, 3000))
    try await eventually("the first write") { server.requests.contains { $0.function == 6 } }
    let begin = SystemTime().now().monotonic
    bus.stop()
    bus.join()
    server.stop()
    // Two seconds, and one pause more.
    #expect(SystemTime().now().monotonic - begin < .milliseconds(5500))
    guard case .failed(let reason)? = recorder.outcome(of: 1) else {
      return #expect(Bool(false), "\(String(describing: recorder.outcome(of: 1)))")
    }
    #expect(reason.contains("stopped before"))
  }
}
