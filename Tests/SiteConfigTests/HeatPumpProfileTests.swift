import DeviceProfile
import EnergyModel
import Testing

@testable import SiteConfig

/// The two contacts of a heat pump, for every change from one state to another.
@Suite struct HeatPumpProfileTests {
  private func writes(_ state: Double, coils: [Int]) throws -> [EncodedWrite] {
    let setpoint = Setpoint(
      device: "pump", kind: .heatPumpState, value: state, owner: "test", expires: MonotonicInstant(nanoseconds: 1))
    let plan = try ResolvedProfile(HeatPumpProfile.profile(coils: coils)).plan([setpoint])
    return try plan.encode([setpoint], with: plan.emptyImage())
  }

  /// Coils as they are after each transfer, beginning before the first.
  private func course(from contacts: [Int: UInt16], _ writes: [EncodedWrite]) -> [[Int: UInt16]] {
    var course = [contacts]
    for write in writes {
      var next = course[course.count - 1]
      for (offset, value) in write.registers.enumerated() { next[write.address + offset] = value }
      course.append(next)
    }
    return course
  }

  private func state(_ contacts: [Int: UInt16], _ coils: [Int]) -> Double? {
    let plan = ResolvedProfile(HeatPumpProfile.profile(coils: coils)).readPlan
    var image = plan.emptyImage()
    for (index, block) in plan.blocks.enumerated() {
      image.blocks[index] = .good
      for offset in 0..<block.count {
        image.registers[block.imageOffset + offset] = contacts[block.start + offset] ?? 0
      }
    }
    return plan.decode(image).first?.value
  }

  /// Near and far coils, either way round. No state outside the way is passed, and the last is the one asked for.
  @Test(arguments: [[1, 2], [2, 1], [1, 7], [30, 2]]) func everyChange(coils: [Int]) throws {
    let contacts: [[UInt16]] = [[1, 0], [0, 0], [0, 1], [1, 1]]
    for from in 1...4 {
      for to in 1...4 {
        let start = Dictionary(uniqueKeysWithValues: zip(coils, contacts[from - 1]))
        let writes = try writes(Double(to), coils: coils)
        let states = course(from: start, writes).map { state($0, coils) }
        #expect(states.last == Double(to))
        let way = Double(min(from, to))...Double(max(from, to))
        #expect(states.allSatisfy { $0.map(way.contains) ?? false }, "\(from) to \(to): \(states)")
        #expect(abs(coils[0] - coils[1]) > 1 || writes.count == 1, "neighbours are switched at once")
      }
    }
  }

  @Test func oneContactBlocksAndNothingElse() throws {
    #expect(try writes(1, coils: [5]).map(\.registers) == [[1]])
    #expect(try writes(2, coils: [5]).map(\.registers) == [[0]])
    #expect(throws: CommandRefusal.outOfRange(.heatPumpState, 3)) { try writes(3, coils: [5]) }
    #expect(state([5: 1], [5]) == 1 && state([5: 0], [5]) == 2)
  }

  @Test func aStateBetweenTheStatesIsRefused() {
    #expect(throws: CommandRefusal.self) { try writes(2.5, coils: [1, 2]) }
    #expect(throws: CommandRefusal.self) { try writes(5, coils: [1, 2]) }
    #expect(throws: CommandRefusal.self) { try writes(2.5, coils: [1, 7]) }
  }
}
