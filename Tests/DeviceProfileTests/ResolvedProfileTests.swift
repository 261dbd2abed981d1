import DeviceProfile
import EnergyModel
import Testing

@Suite struct ResolvedProfileTests {
  @Test("the serial number is read in pieces of the permitted length")
  func serialBlocks() {
    #expect(Profiles.hybrid().serialBlocks == [ReadBlock(space: .holding, start: 40052, count: 16)])
    var profile = Profiles.plain([], rules: ReadingRules(maximumRegisters: 4))
    #expect(ResolvedProfile(profile).serialBlocks.isEmpty)
    profile.serial = TextField(address: .absolute(.input, 10), length: 6)
    #expect(
      ResolvedProfile(profile).serialBlocks
        == [
          ReadBlock(space: .input, start: 10, count: 4), ReadBlock(space: .input, start: 14, count: 2, imageOffset: 4),
        ])
  }

  @Test("models in use are those of points, factors, commands and serial number, where present")
  func usedModels() {
    let resolved = Profiles.hybrid([
      PointDefinition(.power, [.init(Profiles.sunSpec(103, 14, .int16, factor: 15))]),
      PointDefinition(.soc, [.init(Profiles.sunSpec(802, 11, .uint16))]),
    ])
    #expect(resolved.usedModels.map(\.id) == [1, 103, 124])
    #expect(ResolvedProfile(Profiles.plain([])).usedModels.isEmpty)
  }
}
