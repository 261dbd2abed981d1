import EnergyModel
import TestKit
import Testing

@testable import EnergyDispatch

struct PhaseSharesTests {
  private static let second: DeviceID = "second-car"
  private static let site = Scene.parameters {
    $0.loads = []
    $0.chargers = [.init(device: House.car, priority: 2), .init(device: second, priority: 1)]
  }

  /// 0:05 two cars charge with 16 A each beside a house of 6 A, below a fuse of 35 A: the second is to give way and does not.
  /// Eight seconds later the first does in its place, and goes on so; the second follows again: both are shared anew.
  @Test func whoDoesNotGiveWayCostsTheOtherCar() {
    var house = House(Self.site)
    house.soc = 10
    house.household = [1400, 1400, 1400]
    house.cars = [House.car: 16, Self.second: 16]
    house.deaf = [Self.second]
    house.run(30)
    #expect(house.currents[5...].contains { $0[0] > 35 })
    #expect(house.currents[20...].allSatisfy { $0.allSatisfy { $0 <= 35 } })
    house.run(300)
    #expect(house.currents[20...].allSatisfy { $0.allSatisfy { $0 <= 35 } }, "and it does not come and go")
    house.deaf = []
    house.run(300)
    #expect(house.carPower.last.map { $0 > 15_000 } == true)
    #expect(house.currents[20...].allSatisfy { $0.allSatisfy { $0 <= 35 } })
  }

  @Test func whoFollowsIsNotStubborn() {
    let now = ManualTime().now()
    func takes(_ power: Double) -> PointMap<Observation> {
      [.power: Observation(value: power, quality: .good, measured: now)]
    }
    let told = SiteSnapshot(now: now, observations: [House.car: takes(5000), Self.second: takes(11_000)])
    let view = SiteView(told, Self.site)
    let shares = PhaseShares(Self.site, view, phases: 3)
    #expect(Set(ChargerShares.overdrawn(shares.divide([14, 14, 14]), view).keys) == [Self.second])
  }
}
