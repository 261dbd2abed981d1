import EnergyModel
import TestKit
import Testing

@testable import EnergyDispatch

struct ImportLimitRuleTests {
  /// A car, a heat pump and a boiler, besides 1 kW of household; `dso` (legal) and `trader` (contract) may limit.
  private func house() -> LimitedHouse {
    var house = LimitedHouse(
      LimitedHouse.parameters {
        $0.channels = [
          .init(name: "dso", kind: .uplink("vpp"), class: .legal, mayLimit: [.importPower: 0]),
          .init(name: "trader", kind: .uplink("vpp"), class: .contract, mayLimit: [.importPower: 0]),
        ]
        $0.controllable = nil
      })
    house.heating = 2000
    house.run(200)
    return house
  }

  private func limit(_ house: inout LimitedHouse, _ channel: String, _ watts: Double, for seconds: Int64 = 3600) {
    let now = house.scene.time.now().monotonic
    var orders = StandingOrders.ChannelOrders()
    orders.limits[.importPower] = .init(value: watts, ends: now + .seconds(seconds), id: "\(now)")
    orders.lastWord = now
    house.scene.orders.channels[channel] = orders
  }

  /// 17 kW imported, 12 allowed: the car gives way (12 − 6 = 6 kW: 8.7 A), nobody is switched off
  @Test(arguments: ["dso", "trader"]) func theCarGivesWayFirst(channel: String) {
    var house = house()
    #expect(house.grid == 17_000)
    limit(&house, channel, 12_000)
    house.run(20)
    #expect(house.grid <= 12_000)
    #expect(house.grid > 11_000)
    #expect(house.carPower >= 4140)
    #expect(house.scene.writes(Scene.boiler, .relayOn) == [])
    #expect(house.scene.sentence.contains("because \(channel) allows an import of 12 kW until"))
  }

  /// 3.5 kW: with the car paused there are still 6; the boiler follows within the permitted reaction time
  @Test func loadsFollowWithinTheReactionTime() {
    var house = house()
    limit(&house, "dso", 3500)
    house.run(40)
    #expect(house.carPower == 0)
    #expect(house.grid <= 3500)
    #expect(house.scene.told("load-shed").count == 1)
  }

  /// What was held back comes back after the end of the limit, the loads too.
  @Test func itComesBackAfterwards() {
    var house = house()
    limit(&house, "dso", 3500, for: 900)
    house.run(890)
    #expect(house.grid <= 3500)
    house.run(900)
    #expect(house.grid == 17_000)
    #expect(house.scene.told("limit-ends").count == 1)
  }

  @Test func withoutTheMeterTheWorstIsAssumed() {
    var house = house()
    limit(&house, "dso", 8000)
    house.scene.silent = [Scene.meter]
    house.run(7)
    #expect(house.carCurrent == 0)
    #expect(house.scene.outcome?.isSafeState == true)
  }
}
