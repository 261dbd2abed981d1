import DeviceProfile
import EnergyModel
import ModbusDevices
import TestKit
import Testing

/// What a device falls back to is armed before the first setpoint: as long as it is not read back, no setpoint is written.
@Suite(.serialized) struct ArmingTests {
  /// The value to fall back to in holding 70, its time in 71, the current in 40.
  private static let box: DeviceProfile = {
    func single(_ address: Int, _ value: WriteValue) -> RegisterWrite {
      RegisterWrite(start: .absolute(.holding, address), values: [value], function: .single)
    }
    var failsafe = single(70, .constant(6000))
    failsafe.isKept = true
    let current = single(40, .parameter(.chargingCurrent, field: TestDevices.field(40), percentOf: nil))
    return DeviceProfile(
      name: "box", title: "Box", source: "none", confidence: .single, reading: TestDevices.rules,
      points: [PointDefinition(.power, [.init(TestDevices.field(0))])],
      commands: [
        CommandDefinition(
          name: "current", parameters: [.chargingCurrent], onExpiry: .safe, reversion: .seconds(60),
          writes: [failsafe, single(71, .reversionTime), current])
      ])
  }()

  private func outcome(
    _ fault: FaultyServer.Fault?, at place: Int = 70, failsafe: UInt16 = 0, heals: Bool = false
  ) async throws -> (outcome: WriteReport.Outcome?, writes: [Int], current: UInt16?) {
    let server = try FaultyServer()
    server.set([0], at: 0)
    server.set([0], at: 40)
    server.set([failsafe, 0], at: 70)
    server.fail(fault, at: place)
    let recorder = Recorder()
    let bus = TestDevices.bus(server.port, [TestDevices.device("box", Self.box)], recorder)
    bus.start()
    defer {
      bus.stop()
      bus.join()
      server.stop()
    }
    bus.submit(TestDevices.command(1, .chargingCurrent, 10, device: "box"))
    try await eventually("a report") { recorder.outcome(of: 1) != nil }
    guard heals else { return (recorder.outcome(of: 1), writes(server), server.value(40)) }
    #expect(server.value(40) == 0)
    server.fail(nil, at: 70)
    // Silence has its own pace of trying again.
    try await eventually("the next command arrives") {
      bus.submit(TestDevices.command(2, .chargingCurrent, 10, device: "box"))
      return recorder.outcome(of: 2) == .confirmed
    }
    return (recorder.outcome(of: 2), writes(server), server.value(40))
  }

  private func writes(_ server: FaultyServer) -> [Int] { server.requests.filter { $0.function == 6 }.map(\.address) }

  @Test func itIsWrittenAndReadBackFirst() async throws {
    let (outcome, writes, current) = try await outcome(nil)
    #expect(outcome == .confirmed && writes == [70, 71, 40] && current == 10)
  }

  @Test func whatIsArmedAlreadyIsNotWrittenAgain() async throws {
    let (outcome, writes, current) = try await outcome(nil, failsafe: 6000)
    #expect(outcome == .confirmed && writes == [71, 40] && current == 10)
  }

  @Test func aDeviceThatRefusesItGetsNoSetpoint() async throws {
    let (outcome, writes, current) = try await outcome(.exception(4))
    guard case .failed? = outcome else { return #expect(Bool(false), "\(String(describing: outcome))") }
    #expect(!writes.contains(40) && !writes.contains(71) && current == 0)
  }

  @Test func aDeviceThatAcknowledgesAndDoesNotKeepItGetsNoSetpoint() async throws {
    let (outcome, writes, current) = try await outcome(.ignoreWrites)
    #expect(outcome == .notTaken("holding 70 reads back 0 instead of 6000"))
    #expect(writes == [70] && current == 0)
  }

  @Test func aDeviceThatDoesNotKeepItsTimerGetsNoSetpoint() async throws {
    let (outcome, writes, current) = try await outcome(.ignoreWrites, at: 71)
    #expect(outcome == .notTaken("holding 71 reads back 0 instead of 60"))
    #expect(writes == [70, 71] && current == 0)
  }

  @Test func aDeviceThatFallsSilentOverItGetsNoSetpoint() async throws {
    let (outcome, writes, current) = try await outcome(.swallow)
    guard case .failed? = outcome else { return #expect(Bool(false), "\(String(describing: outcome))") }
    #expect(!writes.contains(40) && current == 0)
  }

  @Test func onceItIsKeptTheSetpointsFollow() async throws {
    let (outcome, _, current) = try await outcome(.ignoreWrites, heals: true)
    #expect(outcome == .confirmed && current == 10)
  }
}
