import DeviceProfile
import EnergyModel
import Testing

@Suite struct SunSpecDiscoveryTests {
  @Test("the chain gives each model's address", arguments: [40000, 0, 50000])
  func findsModels(base: Int) {
    let device = SunSpecDevice(at: base, models: [(1, 66), (103, 50), (64001, 7), (124, 24)])
    #expect(
      device.map()
        == SunSpecMap(
          base: base,
          models: [
            SunSpecModel(id: 1, address: base + 2, length: 66), SunSpecModel(id: 103, address: base + 70, length: 50),
            SunSpecModel(id: 64001, address: base + 122, length: 7),
            SunSpecModel(id: 124, address: base + 131, length: 24),
          ]))
  }

  @Test("a chain written down byte by byte")
  func bytes() {
    let common = "0001 0041" + String(repeating: "0000", count: 65)
    let device = SunSpecDevice(
      at: 50000, bytes: "5375 6E53" + common + "02BF 0003 0001 0002 0003" + "FA01 0001 FFFF" + "FFFF 0000")
    let map = device.map()
    #expect(map?.models.map(\.id) == [1, 703, 64001])
    #expect(map?.models.map(\.address) == [50002, 50069, 50074])
    #expect(map?.models.map(\.length) == [65, 3, 1])
  }

  @Test("a common model of 65 registers moves everything after it")
  func shortCommonModel() {
    let map = SunSpecDevice(at: 40000, models: [(1, 65), (103, 50)]).map()
    #expect(map?.model(103)?.address == 40069)
    #expect(map?.model(124) == nil)
  }

  @Test("the end block may lack its L, or be missing altogether", arguments: [[0xFFFF], []] as [[UInt16]])
  func endWithoutLength(end: [UInt16]) {
    #expect(SunSpecDevice(at: 40000, models: [(1, 66), (103, 50)], end: end).map()?.models.map(\.id) == [1, 103])
  }

  @Test("where ID and L are refused together they are read apart")
  func apart() {
    var device = SunSpecDevice(at: 40000, models: [(1, 65), (103, 50), (124, 24)])
    device.singly = [40069, 40121]
    #expect(device.map()?.models.map(\.id) == [1, 103, 124])
    #expect(device.walk().reads.filter { (40069...40070).contains($0[0]) } == [[40069, 2], [40069, 1], [40070, 1]])
    device.registers[40122] = nil
    #expect(device.map()?.models.map(\.id) == [1, 103])
  }

  @Test("silence beyond the chain is its end, once it was met in three walks")
  func silentEnd() {
    var device = SunSpecDevice(at: 40000, models: [(1, 66), (103, 50)], end: [])
    device.silent = Set(40122...40130)
    let walk = device.walk()
    #expect(
      walk.end == .found(SunSpecDevice(at: 40000, models: [(1, 66), (103, 50)]).map() ?? .init(base: 0, models: [])))
    #expect(walk.silences == 3)
    // The L of the end block alone.
    device.registers[40122] = 0xFFFF
    device.silent = [40123]
    #expect(device.walk().silences == 1)
    #expect(device.map()?.models.map(\.id) == [1, 103])
  }

  @Test("a base that is silent is left for the next one")
  func silentBase() {
    var device = SunSpecDevice(at: 50000, models: [(1, 66), (103, 50)])
    device.silent = Set(40000...40001)
    let walk = device.walk()
    #expect(walk.silences == 1)
    #expect(walk.reads.prefix(3) == [[40000, 2], [0, 2], [50000, 2]])
    #expect(device.map()?.base == 50000)
  }

  @Test("later models of an id belong to sub-devices and are found by their number")
  func occurrences() {
    let device = SunSpecDevice(at: 0, models: [(1, 65), (103, 50), (1, 65), (203, 105), (1, 65), (201, 105)])
    let map = device.map() ?? SunSpecMap(base: 0, models: [])
    #expect(map.model(1)?.address == 2)
    let meters = [201, 202, 203, 204]
    let resolved = { (models: [Int], instance: Int) in
      let field = RegisterField(
        address: .sunSpec(SunSpecAddress(models: models, instance: instance, offset: 18)), type: .int16)
      return ResolvedProfile(Profiles.sunSpec([.init(.power, [.init(field)])]), map: map).readPlan.blocks
    }
    // From the header to the register.
    #expect(resolved([203], 1) == [ReadBlock(space: .holding, start: 188, count: 19)])
    #expect(resolved(meters, 2) == [ReadBlock(space: .holding, start: 362, count: 19)])
    #expect(resolved([203], 2) == [])
    #expect(resolved(meters, 3) == [])
  }

  @Test func refusesNonsense() {
    func end(_ models: [(Int, Int)], at base: Int = 40000) -> SunSpecDiscovery.Action {
      SunSpecDevice(at: base, models: models).walk().end
    }
    #expect(SunSpecDevice().walk().end == .failed(.noMarker))
    #expect(end([(103, 50)]) == .failed(.noCommonModel(id: 103, length: 50)))
    #expect(end([(1, 64)]) == .failed(.noCommonModel(id: 1, length: 64)))
    #expect(end([(1, 67)]) == .failed(.noCommonModel(id: 1, length: 67)))
    #expect(end([]) == .failed(.noCommonModel(id: 0xFFFF, length: 0)))
    #expect(end([(1, 66), (103, 0)]) == .failed(.emptyModel(id: 103, address: 40070)))
    #expect(end([(1, 66), (103, 60000)]) == .failed(.beyondAddressSpace(id: 103, address: 40070)))
    #expect(end([(1, 66), (103, 0xFFFF)]) == .failed(.beyondAddressSpace(id: 103, address: 40070)))
    #expect(end([(1, 66)] + Array(repeating: (9, 1), count: 200), at: 0) == .failed(.tooManyModels))
  }

  @Test("a chain up to the last address ends there, without a read beyond it", arguments: [0, 1, 2])
  func lastAddress(left: Int) {
    let length = 65536 - left - 50072
    let walk = SunSpecDevice(at: 50000, models: [(1, 66), (703, length)], end: []).walk()
    guard case .found(let map) = walk.end else {
      Issue.record("\(walk.end)")
      return
    }
    #expect(map.models.last == SunSpecModel(id: 703, address: 50070, length: length))
    #expect(walk.reads.allSatisfy { $0[0] + $0[1] <= 65536 })
  }

  @Test("a timeout costs one attempt, tries the next base next time and never ends the search")
  func timeouts() {
    var discovery = SunSpecDiscovery()
    var tried: [Int] = []
    for _ in 0..<4 {
      guard case .read(let address, _) = discovery.action else { break }
      tried.append(address)
      discovery.timedOut()
    }
    #expect(tried == [40000, 0, 50000, 40000])
  }

  @Test("a timeout inside the chain walks it again from the marker, and one lost answer loses no model")
  func timeoutInChain() {
    var discovery = SunSpecDiscovery()
    discovery.received([0x5375, 0x6E53])
    discovery.received([1, 66])
    #expect(discovery.action == .read(address: 40070, count: 2))
    discovery.timedOut()
    #expect(discovery.action == .read(address: 40000, count: 2))
    discovery.received([0x5375, 0x6E53])
    discovery.received([1, 66])
    #expect(discovery.action == .read(address: 40070, count: 1))
    discovery.received([103])
    #expect(discovery.action == .read(address: 40071, count: 1))
    discovery.received([50])
    discovery.received([0xFFFF, 0])
    #expect(
      discovery.action
        == .found(
          SunSpecMap(
            base: 40000,
            models: [
              SunSpecModel(id: 1, address: 40002, length: 66), SunSpecModel(id: 103, address: 40070, length: 50),
            ])))
  }

  @Test("numbers of repetitions are read along; one that is refused, silent or not implemented is not known")
  func counts() {
    var device = SunSpecDevice(at: 0, models: [(1, 65), (804, 78), (804, 94), (714, 68)])
    device.registers[72] = 2
    device.registers[152] = 3
    device.registers[249] = 0xFFFF
    #expect(device.map(counting: [804: [3], 714: [4, 900], 803: [2]])?.counts == [72: 2, 152: 3])
    device.singly = []
    device.registers[72] = nil
    #expect(device.map(counting: [804: [3]])?.counts == [152: 3])
    device.silent = [152]
    let walk = device.walk(counting: [804: [3]])
    #expect(walk.silences == 3)
    guard case .found(let map) = walk.end else {
      Issue.record("\(walk.end)")
      return
    }
    #expect(map.counts == [:])
  }
}
