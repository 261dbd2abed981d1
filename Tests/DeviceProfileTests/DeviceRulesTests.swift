import EnergyModel
import Testing

@testable import DeviceProfile

/// What real devices ask for beyond plain registers.
@Suite struct DeviceRulesTests {
  private func readings(_ points: [PointDefinition], _ registers: [Int: UInt16]) -> [Reading] {
    let plan = ResolvedProfile(Profiles.plain(points)).readPlan
    return plan.decode(plan.image(registers))
  }

  @Test("one value a request: neighbours are never joined, the same one is read once")
  func oneValue() {
    let points = [
      PointDefinition(.power, [.init(Profiles.holding(1020, .uint32))]),
      PointDefinition(.voltageL1, [.init(Profiles.holding(1022, .uint32))]),
      PointDefinition(.voltageL2, [.init(Profiles.holding(1022, .uint32))]),
    ]
    let rules = ReadingRules(maximumGap: 100, isOneValuePerRequest: true)
    let plan = ResolvedProfile(Profiles.plain(points, rules: rules)).readPlan
    #expect(
      plan.blocks == [
        ReadBlock(space: .holding, start: 1020, count: 2),
        ReadBlock(space: .holding, start: 1022, count: 2, imageOffset: 2),
      ])
  }

  @Test("a meter of eleven registers a request")
  func elevenRegisters() {
    let points = [0, 2, 4, 12, 14, 16].enumerated().map { index, address in
      PointDefinition(
        Point.allCases[index], [.init(Profiles.holding(address, .int32, order: .lowFirst))])
    }
    let plan = ResolvedProfile(Profiles.plain(points, rules: ReadingRules(maximumRegisters: 11, maximumGap: 11)))
      .readPlan
    #expect(plan.blocks.map(\.start) == [0, 12])
    #expect(plan.blocks.allSatisfy { $0.count <= 11 })
  }

  @Test("slow points are in requests of their own, and have no reading while they are not due")
  func slowPoints() {
    let points = [
      PointDefinition(.power, [.init(Profiles.holding(10, .uint16))]),
      PointDefinition(.soc, [.init(Profiles.holding(11, .uint16))], every: .seconds(60)),
      PointDefinition(.energyImport, [.init(Profiles.holding(12, .uint16))], every: .seconds(10)),
      PointDefinition(.frequency, [.init(Profiles.holding(10, .uint16, scale: .literal(0.1)))], every: .seconds(60)),
    ]
    let plan = ResolvedProfile(Profiles.plain(points)).readPlan
    #expect(plan.blocks.map(\.start) == [10, 12, 10])
    #expect(plan.blocks.map(\.count) == [1, 1, 2])
    #expect(
      plan.groups == [
        ReadGroup(every: nil, blocks: 0..<1), ReadGroup(every: .seconds(10), blocks: 1..<2),
        ReadGroup(every: .seconds(60), blocks: 2..<3),
      ])
    let image = plan.image([10: 500, 11: 40, 12: 9])
    #expect(plan.decode(image, groups: [0]) == [Reading(.power, 500)])
    #expect(plan.decode(image, groups: [0, 1]) == [Reading(.power, 500), Reading(.energyImport, 9)])
    #expect(plan.decode(image).map(\.point) == [.power, .soc, .energyImport, .frequency])
  }

  @Test("every point slow: the first group has its pace")
  func onlySlow() {
    let plan = ResolvedProfile(
      Profiles.plain([PointDefinition(.soc, [.init(Profiles.holding(1, .uint16))], every: .seconds(60))])
    ).readPlan
    #expect(plan.groups == [ReadGroup(every: .seconds(60), blocks: 0..<1)])
  }

  @Test("a 32-bit value in registers that are not next to each other, below zero as well")
  func splitValue() {
    let point = PointDefinition(
      .power,
      [.init(Profiles.holding(625, .uint16)), .init(Profiles.holding(690, .int16, scale: .literal(65_536)))])
    #expect(readings([point], [625: 0xF060, 690: 0xFFFF]) == [Reading(.power, -4000)])
    #expect(readings([point], [625: 0x86A0, 690: 1]) == [Reading(.power, 100_000)])
  }

  @Test("a magnitude whose sign another register tells")
  func signFromElsewhere() {
    var charging = Profiles.input(13000, .uint16)
    charging.mask = 1 << 1
    let point = PointDefinition(.batteryPower, [.init(Profiles.input(13021, .uint16), negative: charging)])
    let plan = ResolvedProfile(Profiles.plain([point])).readPlan
    #expect(plan.decode(plan.image([13000: 0b0011, 13021: 1500])) == [Reading(.batteryPower, -1500)])
    #expect(plan.decode(plan.image([13000: 0b0101, 13021: 1500])) == [Reading(.batteryPower, 1500)])
    // A sign that is not known is no sign.
    var image = plan.image([13000: 0b0011, 13021: 1500])
    image.blocks[0] = .exception
    #expect(plan.decode(image) == [Reading(.batteryPower, quality: .exception)])
  }

  @Test("several bits of a register, and a zero that is moved")
  func maskAndZero() {
    var state = Profiles.holding(0x400C, .uint32)
    state.mask = 0x7F00
    state.values = [0: 0, 2: 1, 4: 2]
    #expect(
      readings([PointDefinition(.chargingState, [.init(state)])], [0x400D: 0x84FF]) == [Reading(.chargingState, 2)])
    var temperature = Profiles.holding(586, .uint16, scale: .literal(0.1))
    temperature.plus = -100
    #expect(
      readings([PointDefinition(.batteryTemperature, [.init(temperature)])], [586: 1254])[0].value.map {
        ($0 * 10).rounded()
      }
        == 254)
  }

  @Test("a scale factor in a register, without SunSpec")
  func factorRegister() {
    let field = Profiles.holding(1, .int16, scale: .factor(.absolute(.holding, 7), times: 1))
    #expect(readings([PointDefinition(.power, [.init(field)])], [1: 25, 7: 2]) == [Reading(.power, 2500)])
  }

  // MARK: commands

  private func command(_ writes: [RegisterWrite]) -> ResolvedProfile {
    ResolvedProfile(
      DeviceProfile(
        name: "p", title: "p", source: "p", confidence: .single, points: [],
        commands: [
          CommandDefinition(
            name: "battery", parameters: [.chargeLimit, .dischargeLimit], onExpiry: .open, reversion: .seconds(60),
            writes: writes)
        ]))
  }

  private func encode(
    _ resolved: ResolvedProfile, charge: Double, discharge: Double, _ registers: [Int: UInt16] = [:]
  ) throws -> [EncodedWrite] {
    let setpoints = [SetpointKind.chargeLimit: charge, .dischargeLimit: discharge].map {
      Setpoint(device: "d", kind: $0, value: $1, owner: "test", expires: MonotonicInstant(nanoseconds: 1))
    }
    let plan = try resolved.plan(setpoints)
    return try plan.encode(setpoints, with: plan.image(registers))
  }

  @Test("a value is held within what another register tells, and not written where that is missing")
  func rangeLimit() throws {
    let most = Profiles.holding(37046, .uint32, notImplemented: [0xFFFF_FFFF])
    let resolved = command([
      RegisterWrite(
        start: .absolute(.holding, 47075),
        values: [.parameter(.chargeLimit, field: Profiles.holding(0, .uint32), atMost: most)]),
      RegisterWrite(
        start: .absolute(.holding, 47077), values: [.parameter(.dischargeLimit, field: Profiles.holding(0, .uint32))]),
    ])
    let registers: [Int: UInt16] = [37047: 5000]
    #expect(try encode(resolved, charge: 9000, discharge: 1, registers)[0].registers == [0, 5000])
    #expect(try encode(resolved, charge: 4999, discharge: 1, registers)[0].registers == [0, 4999])
    #expect(throws: CommandRefusal.limitMissing(.chargeLimit)) {
      try encode(resolved, charge: 1, discharge: 1, [37046: 0xFFFF, 37047: 0xFFFF])
    }
  }

  /// A limit below zero in one direction is a power that is told.
  @Test("one write for each way a battery is told: limits, a forced charge, a forced discharge")
  func conditions() throws {
    func write(_ value: UInt16, _ only: [SetpointKind: ClosedRange<Double>]) -> RegisterWrite {
      RegisterWrite(start: .absolute(.holding, 13050), values: [.constant(value)], only: only)
    }
    let below = -Double.infinity...(0.0).nextDown
    let forced = Profiles.holding(0, .uint16, scale: .literal(-1))
    let resolved = command([
      write(0xAA, [.dischargeLimit: below]), write(0xBB, [.chargeLimit: below]),
      write(0xCC, [.chargeLimit: 0...(.infinity), .dischargeLimit: 0...(.infinity)]),
      RegisterWrite(
        start: .absolute(.holding, 13051), values: [.parameter(.dischargeLimit, field: forced)],
        only: [.dischargeLimit: below]),
    ])
    func written(_ charge: Double, _ discharge: Double) throws -> [[UInt16]] {
      try encode(resolved, charge: charge, discharge: discharge).map(\.registers)
    }
    #expect(try written(3000, -3000) == [[0xAA], [3000]])
    #expect(try written(-2500, 2500) == [[0xBB]])
    #expect(try written(5000, 0) == [[0xCC]])
    #expect(try written(0.4, -0.4) == [[0xAA], [0]])
  }

  @Test func countersRollOverByTheWidthOfTheirType() {
    func spans(_ field: RegisterField, _ point: Point = .energyImport) -> [Double]? {
      var profile = DeviceProfile(name: "p", title: "p", source: "p", confidence: .vendor, points: [])
      profile.points = [PointDefinition(point, [.init(field)])]
      return profile.rollOvers[point]
    }
    func field(_ type: RegisterType, _ scale: Scale = .literal(1)) -> RegisterField {
      RegisterField(address: .absolute(.holding, 0), type: type, scale: scale)
    }
    #expect(spans(field(.uint32, .literal(10))) == [42_949_672_960])
    #expect(spans(field(.acc64)) == [18_446_744_073_709_551_616])
    #expect(spans(field(.acc32, .factor(.absolute(.holding, 9), times: 1)))?.contains(4_294_967_296) == true)
    #expect(spans(field(.float32)) == nil)
    #expect(spans(field(.int32)) == nil)
    #expect(spans(field(.uint32), .power) == nil)
  }
}
