import EnergyModel
import TestKit
import Testing

@testable import EnergyDispatch

/// The scenarios of limits from outside, minute by minute.
struct LimitScenarioTests {
  /// 16:59 car 11 kW, heat pump 4, oven 6 with the house, boiler 3, PV 3 · 17:00 the contact opens · 17:10 the input board
  /// dies · 17:11 the agent restarts · 17:19 the board is back · 17:20 the contact closes.
  /// Car and heat pump draw at most 7.56 kW from the grid, oven and boiler are untouched, the car is at 0 or at least
  /// 6 A, nothing is released before 17:20.
  @Test(arguments: [
    (heating: 4000.0, measured: true), (heating: 1000, measured: true), (heating: 4000, measured: false),
  ])
  func legalLimit(heating: Double, measured: Bool) {
    var house = LimitedHouse()
    (house.household, house.pv, house.heating, house.isPumpMeasured) = (6000, 3000, heating, measured)
    house.run(60)
    #expect(house.carPower == 11_000)

    house.isContactActive = true
    house.run(2)
    house.mostDrawn = 0
    run(600 - 2, &house)
    let limited = house.carPower
    house.scene.silent = [LimitedHouse.contact]
    run(60, &house)
    house.scene.restart()
    run(480, &house)
    house.scene.silent = []
    run(60, &house)
    #expect(house.carPower == limited)
    #expect(house.scene.told("limit-begins") == [61])
    #expect(house.scene.told("channel-lost").count == 1)
    #expect(house.mostDrawn <= 7560)

    house.isContactActive = false
    house.run(5)
    #expect(house.carPower == 11_000)
    #expect(house.scene.told("limit-ends").last ?? 0 > 60 + 1200)
    #expect(house.scene.writes(Scene.boiler, .relayOn) == [])
  }

  /// Each second the limit holds, whatever happens.
  private func run(_ seconds: Int, _ house: inout LimitedHouse) {
    for _ in 0..<seconds {
      house.run(1)
      let current = house.carCurrent ?? 99
      #expect(current == 0 || (6...10.9).contains(current), "at second \(house.scene.second)")
    }
  }

  /// 16:50 boot with the clock of 1970, untrusted; a contact that is active · 16:57 the clock jumps by half a century and is
  /// trusted · 16:59:30 crash · 17:00 the limit holds as before, a contract's duration has run on by the monotonic clock.
  @Test func clock() {
    let trader = SiteParameters.Channel(
      name: "trader", kind: .uplink("vpp"), class: .contract, mayLimit: [.controllablePower: 0])
    var house = LimitedHouse(LimitedHouse.parameters { $0.channels.append(trader) })
    house.heating = 0
    house.scene.time.stepWall(by: .seconds(-1_782_036_000))
    house.scene.time.trustClock(false)
    house.isContactActive = true
    house.run(3)
    #expect(house.carCurrent == 10.9, "a contact works as always")
    // Tightening is accepted: 5 kW for a quarter of an hour.
    let ends = house.scene.time.now().monotonic + .seconds(900)
    var asked = StandingOrders.ChannelOrders()
    asked.limits[.controllablePower] = .init(value: 5000, ends: ends, id: "tighter")
    house.scene.orders.channels["trader"] = asked
    house.run(417)
    #expect(house.carCurrent == 7.2)
    #expect(house.scene.sentence.contains("for another"))
    let written = house.scene.writes(LimitedHouse.car, .chargingCurrent).count

    house.scene.time.stepWall(by: .seconds(1_782_036_000))
    house.scene.time.trustClock(true)
    house.run(30)
    #expect(house.carCurrent == 7.2)
    #expect(house.scene.writes(LimitedHouse.car, .chargingCurrent).count == written + 1, "no timer has moved")
    house.run(120)
    house.scene.restart()
    house.run(30)
    #expect(house.carCurrent == 7.2)
    house.run(302)
    #expect(house.carCurrent == 7.2)
    house.run(65)
    #expect(house.carCurrent == 10.9, "the contract is over, the contact is still active")
    #expect(house.scene.told("limit-begins") == [1, 4])
  }

  /// 17:00 the grid is lost while the contact is active: as an island the site owes nobody anything · 17:10 it is back.
  @Test func anIslandIsNotBound() {
    var house = LimitedHouse()
    house.heating = 0
    house.isContactActive = true
    house.run(10)
    #expect(house.carCurrent == 10.9)
    house.scene.values[Scene.hybrid]?[.islanded] = 1
    house.run(600)
    #expect(house.scene.outcome?.decision.bounds.contains { $0.rule.contains("legal") } == false)
    #expect(house.carCurrent == 0, "the island needs its energy for the house")
    house.scene.values[Scene.hybrid]?[.islanded] = 0
    house.run(2)
    #expect(house.scene.outcome?.decision.bounds.contains { $0.rule == "legal limit" } == true)
    #expect(house.carCurrent ?? 99 <= 10.9)
  }

  /// The state of a limit is saved at once, and only when it changes.
  @Test func aChangeOfALimitIsUrgent() {
    var house = LimitedHouse()
    house.run(70)
    #expect(house.scene.outcome?.isMemoryUrgent == false)
    house.isContactActive = true
    house.run(1)
    #expect(house.scene.outcome?.isMemoryUrgent == true)
    house.run(1)
    #expect(house.scene.outcome?.isMemoryUrgent == false)
  }

  /// 1 s: the charger answers · 4 s: so does the meter. The car is not paused for its five minutes; without a meter it is, after ten
  /// seconds, and at once where the meter was heard before.
  @Test func aStartReadsTheMeterFirst() {
    func scene() -> Scene {
      var scene = Scene(
        Scene.parameters {
          $0.loads = [Scene.load(Scene.boiler, 3000, 1), Scene.load(Scene.pool, 4500, 2)]
          $0.chargers = [.init(device: "car")]
        })
      scene.values["car"] = [.power: 11_000, .chargingState: 2, .chargingCurrentLimit: 16]
      scene.values[Scene.meter] = [:]
      return scene
    }
    var started = scene()
    started.run(3)
    #expect(started.setpoint("car", .chargingCurrent) ?? 0 > 15)
    started.importCurrent(20)
    started.run(10)
    #expect(started.setpoint("car", .chargingCurrent) ?? 0 > 12)
    started.values[Scene.meter] = [:]
    started.run(1)
    #expect(started.setpoint("car", .chargingCurrent) == 0)
    var blind = scene()
    blind.run(11)
    #expect(blind.setpoint("car", .chargingCurrent) == 0)
  }
}
