import DeviceProfile
import EnergyModel
import Testing

@testable import ModbusDevices

/// The search for unreadable registers against devices that lack some.
@Suite struct RegisterSearchTests {
  private static func profile(_ addresses: [Int], gap: Int = 8) -> DeviceProfile {
    DeviceProfile(
      name: "test", title: "Test", source: "none", confidence: .single, reading: ReadingRules(maximumGap: gap),
      points: zip(Point.allCases, addresses).map { point, address in
        PointDefinition(point, [.init(RegisterField(address: .absolute(.holding, address), type: .uint32))])
      })
  }

  /// A device that lacks registers, polled once a second.
  private struct Device {
    var lacking: Set<Int>
    var resolved: ResolvedProfile
    var search = RegisterSearch()
    var now = MonotonicInstant(nanoseconds: 0)
    /// Addresses asked in the last poll.
    var asked: [ReadBlock] = []

    mutating func poll() {
      let plan = resolved.readPlan
      var outcomes: [RegisterSearch.Outcome] = []
      asked = []
      for (block, boundaries) in zip(plan.blocks, plan.boundaries) where !search.isLeftAlone(block, at: now) {
        asked.append(block)
        let isRefused = !lacking.isDisjoint(with: block.start..<block.start + block.count)
        outcomes.append(.init(block: block, boundaries: boundaries, isRefused: isRefused))
      }
      if search.note(outcomes, of: plan.blocks, at: now) { resolved = resolved.avoiding(search.refused) }
      now = now + .seconds(1)
    }

    var refusals: Int { asked.count { !lacking.isDisjoint(with: $0.start..<$0.start + $0.count) } }
  }

  private func device(_ addresses: [Int], lacking: Set<Int>, gap: Int = 8) -> Device {
    Device(lacking: lacking, resolved: ResolvedProfile(Self.profile(addresses, gap: gap)))
  }

  @Test func aDeviceThatRefusesNothingIsReadAsItWas() {
    var device = device([0, 2, 4], lacking: [])
    let before = device.resolved.readPlan
    for _ in 0..<10 { device.poll() }
    #expect(device.resolved.readPlan == before)
  }

  @Test(arguments: [0, 7, 8, 30, 59])
  func oneMissingRegisterCostsItsOwnFieldAlone(missing: Int) throws {
    var device = device((0..<30).map { $0 * 2 }, lacking: [missing])
    for _ in 0..<20 { device.poll() }
    let blocks = device.resolved.readPlan.blocks
    let absent = blocks.filter { device.search.isAbsent($0) }
    #expect(absent.map { [$0.start, $0.count] } == [[missing / 2 * 2, 2]])
    // No more requests than it takes, and none of them refused.
    #expect(blocks.count <= 3)
    device.poll()
    #expect(device.refusals == 0)
    #expect(device.asked.reduce(0) { $0 + $1.count } == 58)
  }

  @Test func aGapThatCannotBeReadIsReadAroundAndNothingIsMissing() {
    var device = device([0, 2, 8, 10], lacking: [5])
    for _ in 0..<20 { device.poll() }
    #expect(device.resolved.readPlan.blocks.map { [$0.start, $0.count] } == [[0, 4], [8, 4]])
    #expect(!device.resolved.readPlan.blocks.contains { device.search.isAbsent($0) })
    #expect(device.refusals == 0)
  }

  @Test func anySetOfMissingRegistersIsFoundAndNoFieldIsSplit() {
    var random = SplitMix64(seed: 7)
    for _ in 0..<300 {
      let addresses = (0..<24).map { $0 * 2 + Int(random.next() % 3 == 0 ? 60 : 0) }
      let lacking = Set((0..<4).map { _ in Int(random.next() % 120) })
      var device = device(Array(Set(addresses)).sorted(), lacking: lacking)
      for _ in 0..<80 { device.poll() }
      let fields = Set(addresses)
      for block in device.resolved.readPlan.blocks {
        let inside = fields.filter { (block.start..<block.start + block.count).contains($0) }
        #expect(inside.contains(block.start))
        #expect(inside.allSatisfy { $0 + 2 <= block.start + block.count })
      }
      let readable = fields.filter { !lacking.contains($0) && !lacking.contains($0 + 1) }
      // Where nothing at all can be read, there is nothing to find.
      guard !readable.isEmpty else { continue }
      let read = device.resolved.readPlan.blocks.filter { !device.search.isAbsent($0) }
      #expect(readable.allSatisfy { field in read.contains { $0.start <= field && field + 2 <= $0.start + $0.count } })
      #expect(read.allSatisfy { lacking.isDisjoint(with: $0.start..<$0.start + $0.count) })
    }
  }

  @Test func whatIsMissingIsAskedForLaterAndLater() {
    var device = device([0, 20, 40], lacking: [20])
    for _ in 0..<3 { device.poll() }
    var asked: [Int] = []
    for second in 0..<4000 {
      device.poll()
      if device.asked.contains(where: { $0.start == 20 }) { asked.append(second) }
    }
    let gaps = zip(asked, asked.dropFirst()).map { $1 - $0 }
    #expect(gaps.prefix(4) == [120, 240, 480, 960])
    #expect(gaps.allSatisfy { $0 <= 960 })
    device.lacking = []
    for _ in 0..<961 { device.poll() }
    #expect(!device.resolved.readPlan.blocks.contains { device.search.isAbsent($0) })
  }

  @Test func aDeviceThatReturnsIsAskedAtOnce() {
    var device = device([0, 20, 40], lacking: [20])
    for _ in 0..<10 { device.poll() }
    #expect(device.asked.count == 2)
    device.search.deviceReturned(at: device.now)
    device.poll()
    #expect(device.asked.count == 3)
    device.poll()
    #expect(device.asked.count == 2)
  }

  @Test func aDeviceThatRefusesEverythingForAWhileLosesNothing() {
    var device = device((0..<20).map { $0 * 2 }, lacking: Set(0..<40))
    for _ in 0..<40 { device.poll() }
    device.lacking = []
    for _ in 0..<2 { device.poll() }
    #expect(!device.resolved.readPlan.blocks.contains { device.search.isLeftAlone($0, at: device.now) })
    for _ in 0..<20 { device.poll() }
    #expect(device.resolved.readPlan.blocks.map { [$0.start, $0.count] } == [[0, 40]])
  }

  @Test func aRefusalOfOneMomentIsForgotten() {
    var device = device((0..<20).map { $0 * 2 }, lacking: [6])
    for _ in 0..<2 { device.poll() }
    device.lacking = []
    for _ in 0..<20 { device.poll() }
    #expect(!device.resolved.readPlan.blocks.contains { device.search.isAbsent($0) })
    #expect(device.asked.reduce(0) { $0 + $1.count } == 40)
  }
}
