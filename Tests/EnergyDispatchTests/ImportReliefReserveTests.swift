import EnergyModel
import Testing

@testable import EnergyDispatch

/// What is kept for outages is not counted on.
extension ImportReliefTests {
  /// 5.6 kW are taken and 3 kW allowed, the battery has 50 % · an outage is announced, for which 50 % are kept: loads go
  /// instead, and the battery gives nothing but while they go
  @Test func whatIsKeptForAnOutageIsNotUsedForALimit() {
    var house = House(House.site())
    house.announceOutage(50)
    house.goal = House.goal(3000)
    house.run(600)
    #expect(house.isOff(Scene.pool) && house.isOff(Scene.boiler))
    #expect(house.mostImported(from: 7) <= 3000)
    #expect(house.soc > 49.9)
  }

  /// The same with 45 %: the battery helps until they are reached, and loads go then.
  @Test func aRaisedReserveEndsTheHelpOfTheBattery() {
    var house = House(House.site { $0.hybrids[0].battery?.gridCharging = .never })
    house.announceOutage(45)
    house.goal = House.goal(3000, lasts: .seconds(600))
    for _ in 0..<6 { house.run(600) }
    #expect(house.isOff(Scene.pool) && house.isOff(Scene.boiler))
    #expect(house.soc > 44.9 && house.soc < 46, "\(house.soc)")
    #expect(house.batteryPower[10] > 2000)
  }
}
