import EnergyModel
import TestKit
import Testing

@testable import EnergyDispatch

struct StubbornChargersTests {
  /// The car ignores what it is told · 11 s: the loads make up for it
  @Test func aCarThatDoesNotObeyIsMadeUpByShedding() {
    var house = House(House.site())
    house.soc = 10
    house.cars[House.car] = 16
    house.carsObey = false
    house.goal = House.goal(13_000)
    house.run(20)
    #expect(house.isOff(Scene.pool) && house.isOff(Scene.boiler))
    #expect(house.mostImported(from: 19) <= 13_000)
    #expect(house.switchings(Scene.pool) == [11])
  }

  /// Two cars, 11.2 kW are left for them · the second ignores its half and takes 6.9 kW · 9 s: the first makes room, and nobody is shed
  @Test func aCarMakesRoomForOneThatDoesNotObey() {
    let second: DeviceID = "second-car"
    var house = House(House.site { $0.chargers.append(.init(device: second)) })
    house.soc = 10
    house.cars = [House.car: 16, second: 10]
    house.deaf = [second]
    house.goal = House.goal(16_800)
    house.run(300)
    #expect(house.mostImported(from: 14) <= 16_800)
    #expect(house.mostImported(from: 14) > 16_500)
    #expect(house.off.isEmpty)
    house.deaf = []
    house.cars[second] = 16
    house.run(300)
    #expect(house.mostImported(from: 320) <= 16_800)
    #expect(house.carPower.last.map { $0 > 11_000 } == true)
  }
}
