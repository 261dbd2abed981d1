import EnergyModel
import Testing

@testable import DeviceProfile

/// Scale factors, patterns for "not implemented", lengths that differ from the definition.
@Suite struct SunSpecSentinelTests {
  private func reading(_ type: RegisterType, _ registers: [UInt16]) -> Reading? {
    let plan = Profiles.hybrid([PointDefinition(.alarms, [.init(Profiles.sunSpec(103, 20, type))])]).readPlan
    return plan.decode(plan.image(Dictionary(uniqueKeysWithValues: registers.enumerated().map { (40089 + $0, $1) })))
      .first
  }

  @Test(
    "every pattern for not implemented, and its neighbour that is a number",
    arguments: [
      (.int16, [0x8000], [0x7FFF]), (.uint16, [0xFFFF], [0xFFFE]), (.int32, [0x8000, 0], [0, 1]),
      (.uint32, [0xFFFF, 0xFFFF], [0xFFFF, 0xFFFE]), (.int64, [0x8000, 0, 0, 0], [0, 0, 0, 1]),
      (.uint64, [0xFFFF, 0xFFFF, 0xFFFF, 0xFFFF], [0, 0, 0xFFFF, 0xFFFE]), (.acc32, [0, 0], [0, 1]),
      (.acc64, [0, 0, 0, 0], [0, 0, 0, 1]), (.float32, [0x7FC0, 0], [0x3F80, 0]), (.float32, [0xFFC0, 1], [0, 0]),
      (.float32, [0x7F80, 1], [0x3F80, 1]), (.float64, [0x7FF8, 0, 0, 0], [0x3FF0, 0, 0, 0]),
    ] as [(RegisterType, [UInt16], [UInt16])])
  func sentinels(type: RegisterType, absent: [UInt16], present: [UInt16]) {
    #expect(reading(type, absent)?.quality == .notImplemented)
    #expect(reading(type, present)?.quality == .good)
  }

  private let power = PointDefinition(.power, [.init(Profiles.sunSpec(103, 14, .int16, factor: 15))])

  @Test("a scale factor counts as it stands beside its value at that moment")
  func changingFactor() {
    let plan = Profiles.hybrid([power]).readPlan
    #expect(plan.blocks.count == 1)
    for (factor, value) in [(0, 1234.0), (1, 12340), (-1, 123.4), (-10, 1.234e-7)] {
      let image = plan.image([40083: 1234, 40084: UInt16(bitPattern: Int16(factor))])
      #expect(plan.decode(image) == [Reading(.power, value)])
    }
  }

  @Test("a value without a usable scale factor is bad, never taken as it is", arguments: [-32768, -11, 11, 0x7FFF])
  func missingFactor(factor: Int) {
    let plan = Profiles.hybrid([power]).readPlan
    let image = plan.image([40083: 1234, 40084: UInt16(bitPattern: Int16(factor))])
    #expect(plan.decode(image) == [Reading(.power, quality: .notImplemented)])
  }

  @Test("a value and its scale factor are one request even where another cut would be shorter")
  func sameRequest() throws {
    // Model 701: W at 10, its scale factor at 116; a short value at 2 would otherwise end the first request before it.
    let map = SunSpecMap(base: 40000, models: [SunSpecModel(id: 701, address: 40070, length: 153)])
    let points = [
      PointDefinition(.operatingState, [.init(Profiles.sunSpec(701, 4, .uint16))]),
      PointDefinition(.power, [.init(Profiles.sunSpec(701, 10, .int16, factor: 116))]),
      PointDefinition(.energyProduced, [.init(Profiles.sunSpec(701, 19, .uint64, factor: 120))]),
    ]
    var profile = Profiles.sunSpec(points)
    profile.reading.maximumRegisters = 112
    let plan = ResolvedProfile(profile, map: map).readPlan
    #expect(plan.blocks.map { [$0.start, $0.count] } == [[40070, 5], [40080, 111]])
    // Where no request is long enough they are read one after the other.
    profile.reading.maximumRegisters = 40
    let apart = ResolvedProfile(profile, map: map).readPlan
    #expect(apart.blocks.map { [$0.start, $0.count] } == [[40070, 23], [40186, 5]])
    let image = apart.image([40080: 7, 40186: 2, 40089 + 3: 5, 40190: 3])
    #expect(apart.decode(image).map(\.value) == [0, 700, 5000])
  }

  @Test("a model shorter than its definition lacks the points beyond its L, a longer one has a tail")
  func lengths() {
    func reading(length: Int) -> Reading? {
      let map = SunSpecMap(base: 0, models: [SunSpecModel(id: 103, address: 10, length: length)])
      let points = [PointDefinition(.operatingState, [.init(Profiles.sunSpec(103, 38, .uint16))])]
      let plan = ResolvedProfile(Profiles.sunSpec(points), map: map).readPlan
      return plan.decode(plan.image([48: 4])).first
    }
    #expect(reading(length: 36)?.quality == .notImplemented)
    #expect(reading(length: 37) == Reading(.operatingState, 4))
    #expect(reading(length: 200) == Reading(.operatingState, 4))
  }

  @Test("the first of the models that are alike is the one that the device has", arguments: [101, 102, 103])
  func alternatives(id: Int) {
    let map = SunSpecMap(base: 0, models: [SunSpecModel(id: id, address: 10, length: 50)])
    let field = RegisterField(
      address: .sunSpec(SunSpecAddress(models: [103, 102, 101], offset: 14)), type: .int16,
      scale: .factor(.sunSpec(SunSpecAddress(models: [103, 102, 101], offset: 15)), times: 1))
    let plan = ResolvedProfile(Profiles.sunSpec([PointDefinition(.power, [.init(field)])]), map: map).readPlan
    #expect(plan.decode(plan.image([24: 77, 25: 1])) == [Reading(.power, 770)])
  }
}
