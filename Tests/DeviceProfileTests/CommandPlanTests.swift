import DeviceProfile
import EnergyModel
import Testing

@Suite struct CommandPlanTests {
  private func setpoint(_ kind: SetpointKind, _ value: Double) -> Setpoint {
    Setpoint(device: "hybrid", kind: kind, value: value, owner: "test", expires: MonotonicInstant(nanoseconds: 1))
  }

  /// WChaMax 5000 W, InOutWRte_SF −2, WChaMax_SF 0.
  private let references: [Int: UInt16] = [40345: 5000, 40361: 0, 40368: 0xFFFE]

  @Test("percent of what the inverter says it can, scaled, in the order of the profile")
  func percentOf() throws {
    let setpoints = [setpoint(.chargeLimit, 1250), setpoint(.dischargeLimit, 5000)]
    let plan = try Profiles.hybrid().plan(setpoints)
    #expect(plan.blocks == [ReadBlock(space: .holding, start: 40343, count: 26)])
    var timer = EncodedWrite(space: .holding, address: 40358, registers: [60])
    timer.isTimer = true
    #expect(
      try plan.encode(setpoints, with: plan.image(references)) == [
        EncodedWrite(space: .holding, address: 40348, registers: [3]),
        EncodedWrite(space: .holding, address: 40355, registers: [10000, 2500]), timer,
      ])
  }

  @Test("percent is held within -100...100: a battery is forced by a limit below zero")
  func clamping() throws {
    let setpoints = [setpoint(.chargeLimit, 9000), setpoint(.dischargeLimit, -9000)]
    let plan = try Profiles.hybrid().plan(setpoints)
    let registers = try plan.encode(setpoints, with: plan.image(references))[1].registers
    #expect(registers == [UInt16(bitPattern: -10000), 10000])
  }

  @Test("a register without a sign cannot force a battery: it gets zero")
  func forcingNeedsASign() throws {
    let field = Profiles.holding(0, .uint16)
    let resolved = Profiles.hybrid(commands: [
      CommandDefinition(
        name: "test", parameters: [.dischargeLimit], onExpiry: .hold, reversion: nil,
        writes: [
          RegisterWrite(
            start: .absolute(.holding, 7), values: [.parameter(.dischargeLimit, field: field, percentOf: nil)])
        ])
    ])
    let setpoints = [setpoint(.dischargeLimit, -3000)]
    let plan = try resolved.plan(setpoints)
    #expect(try plan.encode(setpoints, with: plan.emptyImage()).first?.registers == [0])
  }

  @Test("without its scale factor or its reference nothing is written")
  func missingReferences() throws {
    let setpoints = [setpoint(.chargeLimit, 1000), setpoint(.dischargeLimit, 1000)]
    let plan = try Profiles.hybrid().plan(setpoints)
    func refusal(_ registers: [Int: UInt16]) -> CommandRefusal? {
      do {
        _ = try plan.encode(setpoints, with: plan.image(registers))
        return nil
      } catch { return error }
    }
    #expect(refusal(references) == nil)
    #expect(refusal(references.merging([40368: 0x8000]) { $1 }) == .scaleMissing(.dischargeLimit))
    #expect(refusal(references.merging([40345: 0xFFFF]) { $1 }) == .referenceMissing(.dischargeLimit))
    #expect(refusal(references.merging([40345: 0]) { $1 }) == .referenceMissing(.dischargeLimit))
  }

  @Test("nothing is written to a SunSpec model that does not show its ID and L")
  func movedModel() throws {
    let setpoints = [setpoint(.chargeLimit, 1000), setpoint(.dischargeLimit, 1000)]
    let plan = try Profiles.hybrid().plan(setpoints)
    func refusal(_ image: RegisterImage) -> CommandRefusal? {
      do {
        _ = try plan.encode(setpoints, with: image)
        return nil
      } catch { return error }
    }
    #expect(refusal(plan.image(references)) == nil)
    let moved = CommandRefusal.modelUnconfirmed(id: 124)
    #expect(refusal(plan.image(references.merging([40343: 123]) { $1 })) == moved)
    #expect(refusal(plan.image(references.merging([40344: 26]) { $1 })) == moved)
    #expect(refusal(plan.emptyImage()) == moved)
  }

  @Test func refusals() {
    let hybrid = Profiles.hybrid()
    #expect(throws: CommandRefusal.parameterMissing(.dischargeLimit)) { try hybrid.plan([setpoint(.chargeLimit, 1)]) }
    #expect(throws: CommandRefusal.noSuchCommand([.relayOn])) { try hybrid.plan([setpoint(.relayOn, 1)]) }
    #expect(throws: CommandRefusal.noSuchCommand([])) { try hybrid.plan([]) }
    #expect(throws: CommandRefusal.parameterTwice(.relayOn)) {
      try hybrid.plan([setpoint(.relayOn, 1), setpoint(.relayOn, 0)])
    }
  }

  private func command(_ write: RegisterWrite, reversion: Duration? = nil) -> ResolvedProfile {
    Profiles.hybrid(commands: [
      CommandDefinition(
        name: "test", parameters: [.productionLimit], onExpiry: .hold, reversion: reversion, writes: [write])
    ])
  }

  @Test("a raw value is rounded, never cut, and never a marker")
  func rawValues() throws {
    let field = Profiles.holding(0, .int16, scale: .literal(10))
    let resolved = command(
      RegisterWrite(
        start: .absolute(.holding, 7), values: [.parameter(.productionLimit, field: field, percentOf: nil)]))
    func registers(_ value: Double) throws -> [UInt16]? {
      let setpoints = [setpoint(.productionLimit, value)]
      let plan = try resolved.plan(setpoints)
      return try plan.encode(setpoints, with: plan.emptyImage()).first?.registers
    }
    #expect(try registers(1234) == [123])
    #expect(try registers(-15) == [0xFFFE])
    #expect(throws: CommandRefusal.outOfRange(.productionLimit, 400_000)) { try registers(400_000) }
    #expect(throws: CommandRefusal.outOfRange(.productionLimit, -327_680)) { try registers(-327_680) }
    #expect(throws: CommandRefusal.self) { try registers(.nan) }
  }

  @Test("wide values in the device's word order")
  func wideValues() throws {
    let field = Profiles.holding(0, .float32, order: .lowFirst)
    let resolved = command(
      RegisterWrite(
        start: .absolute(.holding, 57358),
        values: [.constant(9), .parameter(.productionLimit, field: field, percentOf: nil)]))
    let setpoints = [setpoint(.productionLimit, -1520)]
    let plan = try resolved.plan(setpoints)
    #expect(
      try plan.encode(setpoints, with: plan.emptyImage())
        == [EncodedWrite(space: .holding, address: 57358, registers: [9, 0, 0xC4BE])])
  }

  @Test("a command that the device has no room for is refused before anything is sent")
  func absentRegisters() {
    let setpoints = [setpoint(.productionLimit, 1)]
    let beyond = command(RegisterWrite(start: .sunSpec(model: 124, offset: 25), values: [.constant(1), .constant(2)]))
    #expect(throws: CommandRefusal.registerAbsent(.sunSpec(model: 124, offset: 25))) { try beyond.plan(setpoints) }
    let absent = command(RegisterWrite(start: .sunSpec(model: 704, offset: 22), values: [.constant(1)]))
    #expect(throws: CommandRefusal.registerAbsent(.sunSpec(model: 704, offset: 22))) { try absent.plan(setpoints) }
    let readOnly = command(RegisterWrite(start: .absolute(.input, 0), values: [.constant(1)]))
    #expect(throws: CommandRefusal.notWritable(.input)) { try readOnly.plan(setpoints) }
    let untimed = command(RegisterWrite(start: .absolute(.holding, 0), values: [.reversionTime]))
    #expect(throws: CommandRefusal.reversionTimeInvalid) { try untimed.plan(setpoints) }
  }

  @Test("a relay's coil")
  func coil() throws {
    let field = RegisterField(address: .absolute(.coil, 0), type: .bit)
    let resolved = command(
      RegisterWrite(
        start: .absolute(.coil, 4), values: [.parameter(.productionLimit, field: field, percentOf: nil)]))
    let setpoints = [setpoint(.productionLimit, 1)]
    let plan = try resolved.plan(setpoints)
    #expect(plan.blocks.isEmpty)
    #expect(
      try plan.encode(setpoints, with: plan.emptyImage())
        == [EncodedWrite(space: .coil, address: 4, registers: [1])])
  }
}
