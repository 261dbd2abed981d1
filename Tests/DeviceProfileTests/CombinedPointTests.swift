import EnergyModel
import Testing

@testable import DeviceProfile

/// Points that are a code: of several contacts, of one bit, of numbers that stand for something else.
@Suite struct CombinedPointTests {
  private func coil(_ number: Int, scale: Double = 1) -> RegisterField {
    RegisterField(address: .absolute(.coil, number), type: .bit, scale: .literal(scale))
  }

  private func reading(_ definition: PointDefinition, _ registers: [Int: UInt16]) -> Reading? {
    let plan = ResolvedProfile(Profiles.plain([definition])).readPlan
    return plan.decode(plan.image(registers)).first
  }

  @Test(
    "two contacts are one state",
    arguments: [(1, 0, 1.0), (0, 0, 2), (0, 1, 3), (1, 1, 4)] as [(UInt16, UInt16, Double)])
  func contacts(k1: UInt16, k2: UInt16, state: Double) {
    let definition = PointDefinition(
      .heatPumpState, [.init(coil(1)), .init(coil(6, scale: 2))], values: [1: 1, 0: 2, 2: 3, 3: 4])
    #expect(reading(definition, [1: k1, 6: k2]) == Reading(.heatPumpState, state))
  }

  @Test("a code that stands for nothing is out of range, never a number")
  func unknownCode() {
    let definition = PointDefinition(.heatPumpState, [.init(coil(1))], values: [0: 2])
    #expect(reading(definition, [1: 0]) == Reading(.heatPumpState, 2))
    #expect(reading(definition, [1: 1])?.quality == .outOfRange)
    let state = RegisterField(address: .absolute(.holding, 0), type: .uint16, values: [3: 2])
    #expect(reading(PointDefinition(.chargingState, [.init(state)]), [0: 3]) == Reading(.chargingState, 2))
    #expect(reading(PointDefinition(.chargingState, [.init(state)]), [0: 2])?.quality == .outOfRange)
  }

  @Test("one bit of a wide register")
  func bit() {
    var field = Profiles.holding(0, .uint32)
    field.mask = 1 << 17
    let definition = PointDefinition(.islanded, [.init(field)])
    #expect(reading(definition, [0: 0b10, 1: 0]) == Reading(.islanded, 1))
    #expect(reading(definition, [0: 0b101, 1: 0xFFFF]) == Reading(.islanded, 0))
  }

  @Test("the highest of two registers, and bad when one of them is")
  func highest() {
    let state = RegisterField(address: .absolute(.holding, 0), type: .uint16, values: [1: 0, 3: 2, 4: 3])
    var plug = Profiles.holding(4, .uint16)
    plug.mask = 1 << 2
    let definition = PointDefinition(.chargingState, [.init(state), .init(plug)], combination: .highest)
    for (registers, expected) in [([1, 1], 0.0), ([1, 5], 1), ([3, 7], 2), ([4, 0], 3)] as [([UInt16], Double)] {
      #expect(reading(definition, [0: registers[0], 4: registers[1]]) == Reading(.chargingState, expected))
    }
    #expect(reading(definition, [0: 9, 4: 7])?.quality == .outOfRange)
  }

  @Test("a serial number that is a number")
  func serialNumber() {
    let field = TextField(address: .absolute(.holding, 1014), length: 2, isNumber: true)
    #expect(field.text(in: [281, 1238]) == "18416854")
    #expect(field.text(in: [0, 0]) == nil)
    #expect(TextField(address: .absolute(.holding, 0), length: 2).text(in: [0x3431, 0]) == "41")
  }
}
