import DeviceProfile
import Testing

@Suite struct SunSpecDiscoveryTests {
  /// Answers like a device with these registers; what is missing is refused.
  private func walk(_ registers: [Int: UInt16], steps: Int = 1000) -> SunSpecDiscovery.Action {
    var discovery = SunSpecDiscovery()
    for _ in 0..<steps {
      guard case .read(let address, let count) = discovery.action else { return discovery.action }
      let found = (address..<address + count).compactMap { registers[$0] }
      if found.count == count { discovery.received(found) } else { discovery.refused() }
    }
    return discovery.action
  }

  private func chain(at base: Int, _ models: [(Int, Int)], end: [UInt16] = [0xFFFF, 0]) -> [Int: UInt16] {
    var registers: [Int: UInt16] = [base: 0x5375, base + 1: 0x6E53]
    var address = base + 2
    for (id, length) in models {
      registers[address] = UInt16(id)
      registers[address + 1] = UInt16(length)
      address += 2 + length
    }
    for (offset, value) in end.enumerated() { registers[address + offset] = value }
    return registers
  }

  @Test("the chain gives each model's address", arguments: [40000, 0, 50000])
  func findsModels(base: Int) {
    let found = walk(chain(at: base, [(1, 66), (103, 50), (64001, 7), (124, 24)]))
    #expect(
      found
        == .found(
          SunSpecMap(
            base: base,
            models: [
              SunSpecModel(id: 1, address: base + 2, length: 66), SunSpecModel(id: 103, address: base + 70, length: 50),
              SunSpecModel(id: 64001, address: base + 122, length: 7),
              SunSpecModel(id: 124, address: base + 131, length: 24),
            ])))
  }

  @Test("a common model of 65 registers moves everything after it")
  func shortCommonModel() {
    guard case .found(let map) = walk(chain(at: 40000, [(1, 65), (103, 50)])) else {
      Issue.record("not found")
      return
    }
    #expect(map.model(103)?.address == 40069)
    #expect(map.model(124) == nil)
  }

  @Test("the end block may lack its L, or be missing altogether", arguments: [[0xFFFF], []] as [[UInt16]])
  func endWithoutLength(end: [UInt16]) {
    guard case .found(let map) = walk(chain(at: 40000, [(1, 66), (103, 50)], end: end)) else {
      Issue.record("not found")
      return
    }
    #expect(map.models.map(\.id) == [1, 103])
  }

  @Test func firstOccurrenceCounts() {
    let map = SunSpecMap(
      base: 0,
      models: [SunSpecModel(id: 1, address: 2, length: 65), SunSpecModel(id: 1, address: 300, length: 65)])
    #expect(map.model(1)?.address == 2)
  }

  @Test func refusesNonsense() {
    #expect(walk([:]) == .failed(.noMarker))
    #expect(walk(chain(at: 40000, [(103, 50)])) == .failed(.noCommonModel(id: 103, length: 50)))
    #expect(walk(chain(at: 40000, [(1, 64)])) == .failed(.noCommonModel(id: 1, length: 64)))
    #expect(
      walk(chain(at: 40000, [(1, 66), (103, 0)])) == .failed(.emptyModel(id: 103, address: 40070)))
    #expect(
      walk(chain(at: 40000, [(1, 66), (103, 60000)])) == .failed(.beyondAddressSpace(id: 103, address: 40070)))
    let endless = Array(repeating: (9, 1), count: 200)
    #expect(walk(chain(at: 0, [(1, 66)] + endless)) == .failed(.tooManyModels))
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

  @Test("a timeout inside the chain walks it again from the marker")
  func timeoutInChain() {
    var discovery = SunSpecDiscovery()
    discovery.received([0x5375, 0x6E53])
    discovery.received([1, 66])
    #expect(discovery.action == .read(address: 40070, count: 2))
    discovery.timedOut()
    #expect(discovery.action == .read(address: 40000, count: 2))
    discovery.received([0x5375, 0x6E53])
    discovery.received([1, 66])
    discovery.received([0xFFFF, 0])
    #expect(
      discovery.action
        == .found(SunSpecMap(base: 40000, models: [SunSpecModel(id: 1, address: 40002, length: 66)])))
  }
}
