import EnergyModel
import TestKit
import Testing

@testable import EnergyDispatch

struct ImportReliefTests {
  /// Import 16.6 kW with an empty battery, 10 kW allowed: the car gets what is left within a second · nobody is shed
  @Test func theCarIsThrottledBeforeAnybodyIsShed() {
    var house = House(House.site())
    house.soc = 10
    house.cars[House.car] = 16
    house.run(5)
    #expect(house.imported[4] > 16_000)
    house.goal = House.goal(10_000)
    house.run(60)
    #expect(house.mostImported(from: 7) <= 10_000)
    #expect(house.mostImported(from: 7) > 9800)
    #expect(house.off.isEmpty)
  }

  /// 4.2 kW of 5.6 kW are left: less than 6 A on three phases pauses the car.
  @Test func aCarThatCannotHaveSixAmperesIsPaused() {
    var house = House(House.site())
    house.soc = 10
    house.cars[House.car] = 16
    house.goal = House.goal(9000)
    house.run(30)
    #expect(house.carPower.last == 0)
    #expect(house.mostImported(from: 2) <= 9000)
    #expect(house.off.isEmpty)
  }

  /// The battery charges from the grid with 3 kW: that ends first, and the car keeps its power.
  @Test func gridChargingEndsBeforeTheCarIsThrottled() throws {
    var house = House(House.site { $0.loads = [] })
    house.cars[House.car] = 16
    house.goal = House.goal(13_000)
    house.run(3)
    let battery = try #require(house.limits.first { $0.quantity == .battery(Scene.hybrid) })
    #expect(battery.interval.lower > -500)
    let share = house.limits.first { $0.quantity == .charging(House.car) }
    #expect(share == nil)
  }

  /// Shares of three cars add up to a trifle more than there is to share, while the battery is empty and a load is off.
  @Test func roundingIsNoReasonToStop() {
    for limit in stride(from: 20_000.0, to: 30_000, by: 37.7) {
      var house = House(
        House.site { site in
          site.chargers = ["car", "car-2", "car-3"].map { .init(device: $0, current: 6...32, minimumOn: .zero) }
        })
      house.soc = 10
      house.cars = ["car": 32, "car-2": 32, "car-3": 32]
      house.memory.shed.shed = house.site.loads.first.map { [$0.device] } ?? []
      house.goal = House.goal(limit)
      house.run(3)
      #expect(!house.limits.isEmpty)
    }
  }

  /// The pump's boost ends only when a pause of the car is not enough.
  @Test func aBoostEndsAfterThePause() {
    var house = House(House.site { $0.heatPumps = [.init(device: House.pump, rated: Watts(4500), priority: 9)] })
    house.soc = 10
    house.cars[House.car] = 16
    house.goal = House.goal(8000, within: .seconds(900))
    house.run(5)
    #expect(!house.limits.contains { $0.quantity == .heatPump(House.pump) })
    house.pumps[House.pump] = 4500
    house.run(5)
    let limit = house.limits.first { $0.quantity == .heatPump(House.pump) }
    #expect(limit?.interval.upper == 2)
    #expect(!house.isOff(House.pump))
  }

  /// 0:00 an hour at 3 kW begins with 2.2 kWh in the battery; 5.6 kW are taken, the battery covers them · 14:45 of the 15
  /// minutes of reaction: what is left does not last, the pool goes · 60:00 the battery held out, the boiler was never off
  @Test func aLimitForAnHourWithANearlyEmptyBattery() {
    var house = House(House.site { $0.reserve = .zero })
    house.soc = 32
    house.run(5)
    house.goal = House.goal(3000, within: .seconds(900))
    for minute in 0..<60 {
      house.goal?.lasts = .seconds(3600 - 60 * minute)
      house.run(60)
    }
    #expect(house.switchings(Scene.pool).first.map { $0 - 5 } == 886)
    #expect(house.switchings(Scene.boiler) == [])
    #expect(house.mostImported(from: 7) <= 3001)
    #expect(house.soc > 10 && house.soc < 16)
  }

  /// The same with half of it: the boiler has to go as well, and then the battery is spared.
  @Test func whatDoesNotLastIsNotUsedUp() {
    var house = House(House.site { $0.reserve = .zero })
    house.soc = 20
    house.goal = House.goal(3000, within: .seconds(300))
    for minute in 0..<60 {
      house.goal?.lasts = .seconds(3600 - 60 * minute)
      house.run(60)
      if minute == 30 { #expect(house.soc > 13) }
    }
    #expect(house.isOff(Scene.pool) && house.isOff(Scene.boiler))
    #expect(house.mostImported(from: 2) <= 3001)
    #expect(house.soc > 10)
  }

  /// A full battery serves the hour alone.
  @Test func whatLastsForTheHourShedsNobody() {
    var house = House(House.site())
    house.soc = 90
    house.goal = House.goal(3000)
    house.run(3600)
    #expect(house.off.isEmpty)
    #expect(house.mostImported(from: 2) <= 3001)
  }

  /// A permitted reaction of zero sheds in the same second, 5 minutes shed after 4:45.
  @Test(arguments: [(Int64(0), 1), (300, 286)])
  func loadsGoAsLateAsTheReactionTimeAllows(reaction: Int64, second: Int) {
    var house = House(House.site())
    house.soc = 10
    house.goal = House.goal(5000, within: .seconds(reaction))
    house.run(300)
    #expect(house.switchings(Scene.pool) == [second])
    #expect(house.switchings(Scene.boiler) == [])
    #expect(house.mostImported(from: second + 2) <= 5000)
  }

  /// A meter 3 s late and a kettle of 2.3 kW, ten seconds on and off: the car's power falls once and stays.
  @Test func aLateMeterAndAKettleDoNotMakeItOscillate() {
    var house = House(House.site())
    house.soc = 10
    house.meterDelay = 3
    house.cars[House.car] = 16
    house.goal = House.goal(14_000)
    house.run(30)
    for _ in 0..<20 {
      house.household[0] = 2800
      house.run(10)
      house.household[0] = 500
      house.run(10)
    }
    let powers = house.carPower[60...]
    #expect(Set(powers.map { $0.rounded() }).count == 1)
    #expect(powers.first.map { $0 > 4000 } == true)
    #expect(house.off.isEmpty)
    #expect(house.mostImported(from: 45) <= 14_000)
  }

  /// 10 kW at once, and 60 s after the household has fallen back the car rises in steps · never above the limit
  @Test func theCarRisesAfterAStableMinuteInSteps() {
    var house = House(House.site { $0.loads = [] })
    house.soc = 10
    house.cars[House.car] = 16
    house.household = [2500, 2500, 2500]
    house.goal = House.goal(12_100)
    house.run(30)
    let before = house.carPower[29]
    house.household = [500, 500, 500]
    house.run(60)
    #expect(house.carPower[88] == before)
    house.run(15)
    let after = house.carPower[104]
    #expect(after > before && after < 10_600)
    house.run(120)
    #expect(house.carPower[224] > 10_400)
    #expect(house.mostImported(from: 2) <= 12_100)
  }

  /// 1.5 kW of base load and 4.1 kW of loads fit below 7 kW, the car does not · nothing is shed below it · with 5 kW the pool
  /// goes when the meter has been silent for ten seconds
  @Test func aSilentMeterIsTheWorstCase() {
    var house = House(House.site())
    house.cars[House.car] = 16
    house.goal = House.goal(7000)
    house.run(5)
    house.meterIsSilent = true
    house.run(60)
    #expect(house.carPower.last == 0)
    #expect(house.off.isEmpty)
    house.goal = House.goal(3000)
    house.soc = 10
    house.run(9)
    #expect(house.off.isEmpty)
    house.run(10)
    #expect(house.isOff(Scene.pool) && house.isOff(Scene.boiler))
  }

  /// The limit ends: the loads come back one a minute, the last first, then the car in steps.
  @Test func whatWasHeldBackComesBackInStages() {
    var house = House(House.site())
    house.soc = 10
    house.cars[House.car] = 16
    house.goal = House.goal(2000)
    house.run(200)
    #expect(house.isOff(Scene.pool) && house.isOff(Scene.boiler))
    house.goal = nil
    house.run(59)
    #expect(house.isOff(Scene.boiler))
    house.run(65)
    #expect(house.switchings(Scene.boiler).last == 261)
    #expect(house.switchings(Scene.pool).last == 322)
    #expect(house.carPower[322] == 0)
    house.run(120)
    #expect(house.carPower.last.map { $0 > 11_000 } == true)
    #expect(!house.memory.isActive)
  }

  /// Among equals who was shed last is spared next, over a restart as well.
  @Test func equalsTakeTurns() {
    var house = House(
      House.site {
        $0.chargers = []
        $0.loads = [Scene.load(Scene.boiler, 2000, 1), Scene.load(Scene.pool, 2000, 1)]
      })
    house.soc = 10
    for victim in [Scene.boiler, Scene.pool, Scene.boiler] {
      house.goal = House.goal(4000)
      house.run(100)
      #expect(house.isOff(victim))
      house.goal = nil
      // Long enough that coming back was no mistake.
      house.run(800)
      #expect(!house.isOff(victim))
    }
    var saved = SavedMemory()
    _ = house.switches.save(into: &saved, at: house.time.now().monotonic)
    let again = SwitchHistory(house.site.loads, saved: saved, at: house.time.now().monotonic)
    #expect(again.turn(Scene.boiler) > again.turn(Scene.pool))
    #expect(again.turn(Scene.pool) > 0)
  }

  /// A heat pump is shed by a block, in its place among the loads.
  @Test func aHeatPumpIsBlockedInItsTurn() {
    var house = House(House.site { $0.heatPumps = [.init(device: House.pump, rated: Watts(4500), priority: 1)] })
    house.soc = 10
    house.pumps[House.pump] = 2500
    house.goal = House.goal(6000)
    house.run(20)
    #expect(house.isOff(House.pump))
    #expect(!house.isOff(Scene.boiler) && !house.isOff(Scene.pool))
  }

  /// Lost memory: a limit may have held, so the car is not let rise at once; what is found off counts as shed.
  @Test func lostMemoryIsTheWorstCase() {
    var house = House(House.site { $0.loads = [] })
    house.memory = .lost(at: house.time.now().monotonic)
    house.soc = 10
    house.cars[House.car] = 8
    house.goal = House.goal(14_000)
    house.run(2)
    house.cars[House.car] = 16
    house.run(50)
    #expect(house.carPower.last.map { $0 < 5600 } == true)
    house.run(120)
    #expect(house.carPower.last.map { $0 > 11_000 } == true)
  }

  @Test func memoryIsTextThatComesBack() throws {
    var house = House(House.site())
    house.soc = 10
    house.goal = House.goal(5000)
    house.run(10)
    let now = house.time.now().monotonic
    let text = house.memory.saved(at: now)
    #expect(text == "held shed pool")
    let again = try #require(ReliefMemory(saved: Substring(text), at: now))
    #expect(again.shed.shed == [Scene.pool] && again.isLost)
    #expect(ReliefMemory(saved: "free shed", at: now)?.isLost == false)
    #expect(ReliefMemory(saved: "pool", at: now) == nil)
    #expect(ReliefMemory.lost(at: now).saved(at: now) == "lost")
  }
}
