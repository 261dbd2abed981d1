import DeviceProfile
import EnergyModel
import Testing

@Suite struct ReadPlanTests {
  private func value(_ field: RegisterField, _ registers: [Int: UInt16], point: Point = .power) -> Reading? {
    let plan = ResolvedProfile(Profiles.plain([PointDefinition(point, [.init(field)])])).readPlan
    return plan.decode(plan.image(registers)).first
  }

  @Test("an SDM630: floats in input registers, in one request of 74")
  func sdm630() {
    let plan = ResolvedProfile(
      Profiles.plain(
        [
          PointDefinition(.voltageL1, [.init(Profiles.input(0))]),
          PointDefinition(.currentL1, [.init(Profiles.input(6))]),
          PointDefinition(.power, [.init(Profiles.input(52))]),
          PointDefinition(.frequency, [.init(Profiles.input(70))]),
          PointDefinition(
            .energyImport,
            [.init(RegisterField(address: .absolute(.input, 72), type: .float32, scale: .literal(1000)))]),
        ], rules: ReadingRules(maximumRegisters: 80, maximumGap: 44))
    ).readPlan
    #expect(plan.blocks == [ReadBlock(space: .input, start: 0, count: 74)])
    // 230.4 V, 1.5 A, −1520 W, 50 Hz, 12.5 kWh
    let readings = plan.decode(
      plan.image([
        0: 0x4366, 1: 0x6666, 6: 0x3FC0, 52: 0xC4BE, 70: 0x4248, 72: 0x4148,
      ]))
    #expect(readings.map(\.point) == [.voltageL1, .currentL1, .power, .frequency, .energyImport])
    #expect(readings.map(\.value) == [Double(Float(230.4)), 1.5, -1520, 50, 12500])
    #expect(readings.allSatisfy { $0.quality == .good })
  }

  @Test("SunSpec 103: values with their scale factors, in one request")
  func sunSpec103() {
    let plan = Profiles.hybrid([
      PointDefinition(.power, [.init(Profiles.sunSpec(103, 14, .int16, factor: 15))]),
      PointDefinition(.frequency, [.init(Profiles.sunSpec(103, 16, .uint16, factor: 17))]),
      PointDefinition(.energyProduced, [.init(Profiles.sunSpec(103, 24, .acc32, factor: 26))]),
      PointDefinition(.temperature, [.init(Profiles.sunSpec(103, 33, .int16, factor: 37))]),
    ]).readPlan
    #expect(plan.blocks == [ReadBlock(space: .holding, start: 40069, count: 38)])
    var registers: [Int: UInt16] = [
      40083: 2345, 40084: 0xFFFF, 40085: 5001, 40086: 0xFFFE, 40093: 1, 40094: 0, 40095: 1, 40102: 0x8000,
      40106: 0xFFFF,
    ]
    let readings = plan.decode(plan.image(registers))
    #expect(readings[0] == Reading(.power, 234.5))
    #expect(readings[1] == Reading(.frequency, 50.01))
    #expect(readings[2] == Reading(.energyProduced, 655_360))
    #expect(readings[3] == Reading(.temperature, quality: .notImplemented))

    // A factor that is missing or impossible is never taken for 0.
    registers[40084] = 0x8000
    registers[40086] = 11
    let without = plan.decode(plan.image(registers))
    #expect(without[0] == Reading(.power, quality: .notImplemented))
    #expect(without[1] == Reading(.frequency, quality: .notImplemented))
  }

  @Test("SunSpec's markers count for SunSpec alone")
  func sentinels() {
    let fields: [(RegisterType, [UInt16])] = [
      (.int16, [0x8000]), (.uint16, [0xFFFF]), (.int32, [0x8000, 0]), (.uint32, [0xFFFF, 0xFFFF]),
      (.int64, [0x8000, 0, 0, 0]), (.uint64, [0xFFFF, 0xFFFF, 0xFFFF, 0xFFFF]), (.float32, [0x7FC0, 0]),
      (.acc32, [0, 0]), (.acc64, [0, 0, 0, 0]),
    ]
    for (type, registers) in fields {
      let plan = Profiles.hybrid([PointDefinition(.alarms, [.init(Profiles.sunSpec(103, 20, type))])]).readPlan
      let values = Dictionary(uniqueKeysWithValues: registers.enumerated().map { (40089 + $0, $1) })
      #expect(plan.decode(plan.image(values)) == [Reading(.alarms, quality: .notImplemented)], "\(type)")
    }
    #expect(value(Profiles.holding(0, .int16), [0: 0x8000]) == Reading(.power, -32768))
    #expect(value(Profiles.holding(0, .uint16), [0: 0xFFFF]) == Reading(.power, 65535))
  }

  @Test("a profile names markers of its own")
  func ownSentinels() {
    let field = Profiles.holding(0, .int16, notImplemented: [0x7FFF])
    #expect(value(field, [0: 0x7FFF]) == Reading(.power, quality: .notImplemented))
    #expect(value(field, [0: 0x7FFE]) == Reading(.power, 32766))
  }

  @Test func wordOrders() {
    #expect(value(Profiles.holding(0, .int32), [0: 0xFFFF, 1: 0xFFF6]) == Reading(.power, -10))
    #expect(value(Profiles.holding(0, .int32, order: .lowFirst), [0: 0xFFF6, 1: 0xFFFF]) == Reading(.power, -10))
    #expect(
      value(Profiles.holding(0, .float32, order: .lowFirst), [0: 0, 1: 0xC4BE]) == Reading(.power, -1520))
  }

  @Test("a sum is as good as its worst term")
  func sums() {
    let battery = PointDefinition(
      .batteryPower,
      [
        .init(Profiles.sunSpec(160, 51, .uint16, factor: 4), sign: 1),
        .init(Profiles.sunSpec(160, 31, .uint16, factor: 4), sign: -1),
      ])
    let plan = Profiles.hybrid([battery]).readPlan
    // Module 3 of model 160 does not exist here: L is 48, so the last register is offset 49.
    #expect(plan.decode(plan.image([40284: 5])) == [Reading(.batteryPower, quality: .notImplemented)])

    let both = PointDefinition(
      .batteryPower,
      [
        .init(Profiles.sunSpec(160, 11, .uint16, factor: 4), sign: 1),
        .init(Profiles.sunSpec(160, 31, .uint16, factor: 4), sign: -1),
      ])
    let whole = Profiles.hybrid([both]).readPlan
    #expect(whole.decode(whole.image([40264: 100, 40284: 350, 40257: 1])) == [Reading(.batteryPower, -2500)])
    #expect(
      whole.decode(whole.image([40264: 100, 40284: 0xFFFF])) == [Reading(.batteryPower, quality: .notImplemented)])
  }

  @Test func ranges() {
    #expect(
      value(Profiles.holding(0, .uint16), [0: 101], point: .soc) == Reading(.soc, quality: .outOfRange))
    #expect(value(Profiles.holding(0, .uint16), [0: 100], point: .soc) == Reading(.soc, 100))
    let narrow = PointDefinition(.power, [.init(Profiles.holding(0, .uint16))], range: 0...5000)
    let plan = ResolvedProfile(Profiles.plain([narrow])).readPlan
    #expect(plan.decode(plan.image([0: 5001])) == [Reading(.power, quality: .outOfRange)])
  }

  @Test("a failed block marks its points, and those whose factor it holds")
  func failedBlocks() {
    let factor = Scale.factor(.absolute(.holding, 100), times: 1)
    let plan = ResolvedProfile(
      Profiles.plain([
        PointDefinition(.power, [.init(Profiles.holding(0, .uint16))]),
        PointDefinition(.frequency, [.init(Profiles.holding(1, .uint16, scale: factor))]),
        PointDefinition(.soc, [.init(Profiles.holding(50, .uint16))]),
      ])
    ).readPlan
    #expect(plan.blocks.map(\.start) == [0, 50, 100])
    var image = plan.image([0: 7, 1: 50, 50: 60])
    image.blocks[2] = .exception
    #expect(
      plan.decode(image)
        == [Reading(.power, 7), Reading(.frequency, quality: .exception), Reading(.soc, 60)])
    image.blocks[1] = .timeout
    #expect(plan.decode(image)[2] == Reading(.soc, quality: .timeout))
    #expect(plan.decode(plan.emptyImage()).allSatisfy { $0.quality == .timeout && $0.value == nil })
  }

  @Test("points of absent models are not implemented and cost no request")
  func absent() {
    let plan = Profiles.hybrid([PointDefinition(.soc, [.init(Profiles.sunSpec(802, 11, .uint16, factor: 54))])])
      .readPlan
    #expect(plan.blocks.isEmpty)
    #expect(plan.decode(plan.emptyImage()) == [Reading(.soc, quality: .notImplemented)])
  }

  @Test("relay: a coil")
  func coil() {
    let field = RegisterField(address: .absolute(.coil, 3), type: .bit)
    #expect(value(field, [3: 1], point: .relayOn) == Reading(.relayOn, 1))
  }
}
