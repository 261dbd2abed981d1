import EnergyModel
import TestKit
import Testing

@testable import EnergyDispatch

struct ImportReliefStartTests {
  /// A start under a limit: for two seconds nobody has told anything, and a battery would have to give a kilowatt · the meter tells
  /// that nothing is imported: it gives nothing, and charges at once. A silence later on is another matter.
  @Test func aStartReadsFirst() throws {
    var house = House(House.site { $0.loads = [] })
    house.household = [0, 0, 0]
    house.goal = House.goal(500)
    house.meterIsSilent = true
    house.run(2)
    func least() -> Double {
      house.limits.first { $0.quantity == .battery(Scene.hybrid) }?.interval.lower ?? -.infinity
    }
    #expect(least() == 1000)
    house.meterIsSilent = false
    house.run(1)
    #expect(least() <= 0)
    house.meterIsSilent = true
    house.run(1)
    house.meterIsSilent = false
    house.run(1)
    #expect(least() == 1000)
  }

  /// So does one with a car: it is left what it takes, and no more before a minute is over.
  @Test func afterAStartACarGetsWhatItTakes() {
    var house = House(House.site { $0.loads = [] })
    house.cars[House.car] = 8
    house.soc = 10
    house.goal = House.goal(9000)
    house.meterIsSilent = true
    house.run(1)
    house.meterIsSilent = false
    house.run(1)
    house.cars[House.car] = 16
    house.run(50)
    #expect(house.carPower.dropFirst(5).allSatisfy { $0 <= 5600 })
    #expect(house.mostImported(from: 5) <= 9000)
  }
}
