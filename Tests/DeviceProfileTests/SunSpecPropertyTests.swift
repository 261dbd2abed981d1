import EnergyModel
import Testing

@testable import DeviceProfile

/// Whatever a device answers, the walk ends, nothing traps and what was found lies within the address space.
@Suite struct SunSpecPropertyTests {
  private let counting: [Int: Set<Int>] = [714: [4], 803: [2], 804: [3], 705: [7, 8], 1: [0, 1, 2]]

  private func check(_ map: SunSpecMap) {
    #expect(map.models.count <= SunSpecDiscovery.maximumModels)
    #expect(map.models.first?.id == 1)
    var next = map.base + 2
    for model in map.models {
      #expect(model.address == next && model.length > 0)
      next = model.address + 2 + model.length
    }
    #expect(next <= 65536)
    for address in map.counts.keys { #expect(map.models.contains { $0.registers.contains(address) }) }
  }

  @Test("random chains are found as they were made", arguments: 0..<200 as Range<UInt64>)
  func chains(seed: UInt64) throws {
    var random = SplitMix64(seed: seed)
    let base = [0, 40000, 50000][Int.random(in: 0..<3, using: &random)]
    var models = [(1, Bool.random(using: &random) ? 65 : 66)]
    for _ in 0..<Int.random(in: 0..<40, using: &random) {
      models.append((Int.random(in: 1...65534, using: &random), Int.random(in: 1...300, using: &random)))
    }
    var device = SunSpecDevice(at: base, models: models, end: [[0xFFFF, 0], [0xFFFF], []][Int(seed % 3)])
    // Some registers of the chain are refused together with others.
    for _ in 0..<10 { device.singly.insert(Int.random(in: base + 2...base + 12_000, using: &random)) }
    guard base + models.reduce(2, { $0 + $1.1 + 2 }) <= 65536 else { return }
    let map = try #require(device.map(counting: counting))
    #expect(map.base == base)
    #expect(map.models.map { [$0.id, $0.length] } == models.map { [$0.0, $0.1] })
    check(map)
  }

  @Test("nonsense from a device ends the walk", arguments: 0..<500 as Range<UInt64>)
  func nonsense(seed: UInt64) {
    var random = SplitMix64(seed: seed)
    var discovery = SunSpecDiscovery(counting: counting)
    let tempting: [UInt16] = [0, 1, 2, 65, 66, 103, 714, 0x5375, 0x6E53, 0x7FFF, 0x8000, 0xFFFE, 0xFFFF]
    var steps = 0
    // Silence goes on for ever only where everything is silent.
    while case .read(let address, let count) = discovery.action, steps < 20_000 {
      steps += 1
      #expect(address >= 0 && address + count <= 65536 && (1...2).contains(count))
      switch Int.random(in: 0..<10, using: &random) {
      case 0: discovery.refused()
      case 1 where seed.isMultiple(of: 2): discovery.timedOut()
      case 2:
        discovery.received(
          (0..<Int.random(in: 0..<5, using: &random)).map { _ in .random(in: 0...65535, using: &random) })
      case 3...5 where count == 2: discovery.received([0x5375, 0x6E53])
      case 6...7 where count == 2: discovery.received([1, 65])
      default: discovery.received((0..<count).map { _ in tempting.randomElement(using: &random) ?? 0 })
      }
    }
    #expect(steps < 20_000)
    if case .found(let map) = discovery.action { check(map) }
  }

  @Test(
    "any group in any model resolves to registers inside the model, or to none", arguments: 0..<300 as Range<UInt64>)
  func groups(seed: UInt64) {
    var random = SplitMix64(seed: seed)
    func number() -> Int {
      [0, 1, 2, 3, 10, 65535, Int.random(in: 0...200, using: &random)].randomElement(using: &random) ?? 0
    }
    func extent() -> SunSpecGroup.Extent {
      Bool.random(using: &random) ? .init(number()) : .init(number(), each: number(), count: number())
    }
    let model = SunSpecModel(id: 700, address: 100, length: Int.random(in: 1...65000, using: &random))
    let counts = (0..<300).filter { _ in Bool.random(using: &random) }.map { (100 + $0, number()) }
    let map = SunSpecMap(base: 0, models: [model], counts: Dictionary(uniqueKeysWithValues: counts))
    for _ in 0..<20 {
      let groups = (0..<Int.random(in: 0...2, using: &random)).map { _ in
        SunSpecGroup(start: extent(), size: extent(), count: Bool.random(using: &random) ? number() : nil)
      }
      let address = SunSpecAddress(models: [700], instance: nil, groups: groups, offset: number())
      let each = map.each(address)
      #expect(each.count <= SunSpecMap.maximumRepetitions * SunSpecMap.maximumRepetitions)
      #expect(Set(each).count == each.count)
      for one in each.prefix(200) {
        #expect(!one.isEach)
        guard let place = map.start(of: one, count: 2) else { continue }
        #expect(place.start >= model.address && place.start + 2 <= model.address + model.length + 2)
      }
    }
  }

  @Test(
    "whatever stands in the registers, a point is a number in its range or marked", arguments: 0..<100 as Range<UInt64>)
  func values(seed: UInt64) {
    var random = SplitMix64(seed: seed)
    let types: [RegisterType] = [.int16, .uint16, .int32, .uint32, .int64, .uint64, .acc32, .acc64, .float32, .float64]
    let points = Point.allCases.enumerated().map { index, point in
      PointDefinition(
        point, [.init(Profiles.sunSpec(103, 3 + index % 40, types[index % types.count], factor: index % 52))])
    }
    let plan = Profiles.hybrid(points).readPlan
    var image = plan.emptyImage()
    for index in image.registers.indices { image.registers[index] = .random(in: 0...65535, using: &random) }
    for index in image.blocks.indices { image.blocks[index] = .good }
    for reading in plan.decode(image) {
      #expect(reading.value == nil || reading.quality == .good)
      if let value = reading.value { #expect(reading.point.plausibleRange.contains(value)) }
    }
  }
}
