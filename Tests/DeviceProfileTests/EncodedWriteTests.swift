import EnergyModel
import Testing

@testable import DeviceProfile

/// Writes that are read back elsewhere, belong to some values only, or carry what the site says.
@Suite struct EncodedWriteTests {
  private let milliamperes = RegisterField(address: .absolute(.holding, 0), type: .uint16, scale: .literal(0.001))

  private func writes(_ value: Double, _ writes: [RegisterWrite], reversion: Duration? = .seconds(60)) throws
    -> [EncodedWrite]
  {
    let command = CommandDefinition(
      name: "test", parameters: [.chargingCurrent], onExpiry: .safe, reversion: reversion, writes: writes)
    let setpoint = Setpoint(
      device: "car", kind: .chargingCurrent, value: value, owner: "test", expires: MonotonicInstant(nanoseconds: 1))
    let plan = try Profiles.hybrid(commands: [command]).plan([setpoint])
    return try plan.encode([setpoint], with: plan.emptyImage())
  }

  private func current(_ only: ClosedRange<Double>? = nil) -> RegisterWrite {
    RegisterWrite(
      start: .absolute(.holding, 5004),
      values: [.parameter(.chargingCurrent, field: milliamperes, percentOf: nil)], function: .single,
      readBack: .field(Profiles.holding(1100, .uint32)), only: only.map { [.chargingCurrent: $0] } ?? [:])
  }

  @Test("another register shows the same number, in its own width and order")
  func readBackElsewhere() throws {
    let write = try #require(try writes(13.2, [current()]).first)
    #expect(write.registers == [13_200] && write.function == .single)
    #expect(write.readBack == .init(.holding, 1100, [0, 13_200]))
    #expect(write.readBack?.block == ReadBlock(space: .holding, start: 1100, count: 2))
  }

  @Test("a write belongs to some values, and a value that no write takes is refused")
  func onlySomeValues() throws {
    let pause = RegisterWrite(
      start: .absolute(.holding, 5014), values: [.constant(0)], readBack: .nowhere, only: [.chargingCurrent: 0...0])
    #expect(try writes(0, [pause, current(6...63)]).map(\.address) == [5014])
    #expect(try writes(0, [pause]).first?.readBack == nil)
    #expect(try writes(8, [pause, current(6...63)]).map(\.address) == [5004])
    #expect(throws: CommandRefusal.outOfRange(.chargingCurrent, 5.9)) { try writes(5.9, [pause, current(6...63)]) }
  }

  @Test("the current to fall back to is the site's; without one nothing is written")
  func failsafeCurrent() throws {
    let failsafe = RegisterWrite(start: .absolute(.holding, 5016), values: [.failsafeCurrent(field: milliamperes)])
    #expect(throws: CommandRefusal.failsafeCurrentMissing) { try writes(8, [failsafe]) }
    var profile = Profiles.hybrid(commands: [
      CommandDefinition(
        name: "test", parameters: [.chargingCurrent], onExpiry: .safe, reversion: nil, writes: [failsafe])
    ]).profile
    #expect(profile.takesFailsafeCurrent)
    profile = profile.configured(failsafeCurrent: 6)
    #expect(profile.commands[0].writes[0].values == [.constant(6000)])
    #expect(!profile.takesFailsafeCurrent)
  }

  @Test("what makes a write needless is looked for in the registers' own order")
  func exemption() throws {
    var write = current()
    write.unless = .init(Profiles.holding(1000, .uint32, order: .lowFirst), raw: [2, 3])
    let encoded = try #require(try writes(8, [write]).first)
    #expect(encoded.unless == [.init(.holding, 1000, [2, 0]), .init(.holding, 1000, [3, 0])])
  }

  @Test("function code 6 takes one register")
  func oneRegister() {
    var write = current()
    write.values.append(.constant(1))
    #expect(throws: CommandRefusal.notOneRegister) { try writes(8, [write]) }
  }
}
