import EnergyModel
import TestKit
import Testing

@testable import EnergyDispatch

/// An inverter that does what it is told within a second and nothing by itself.
struct OwnLoopRuleTests {
  private struct House {
    var scene: Scene
    var load = 1000.0
    /// What a second inverter takes from the grid for its battery, W.
    var taken = 0.0
    /// W, discharge +.
    var battery = 0.0
    /// What the meter will tell, the oldest first.
    var told: [Double]
    var powers: [Double] = []

    init(delay: Int, hasSecond: Bool = false) {
      scene = Scene(
        Scene.parameters {
          $0.hybrids[0].regulatesItself = false
          $0.fuse = nil
          guard hasSecond else { return }
          $0.hybrids.append($0.hybrids[0])
          $0.hybrids[1].device = "second"
          $0.hybrids[1].regulatesItself = true
        })
      if hasSecond { scene.values["second"] = scene.values[Scene.hybrid] }
      scene.late[Scene.meter] = .seconds(delay)
      told = Array(repeating: 1000, count: delay)
    }

    mutating func run(_ seconds: Int) {
      for _ in 0..<seconds {
        told.append(load + taken - battery)
        if taken > 0 { scene.values["second"]?.merge([.power: -taken, .batteryPower: -taken]) { $1 } }
        scene.values[Scene.meter]?[.power] = told.removeFirst()
        scene.values[Scene.hybrid]?.merge([.power: battery, .batteryPower: battery]) { $1 }
        scene.run(1)
        battery += ((scene.dischargeLimit ?? battery) - battery) * 0.7
        powers.append(battery)
      }
    }

    /// How often the battery's power turned round by more than 150 W.
    var turns: Int {
      var count = 0
      var extreme = powers.first ?? 0
      var rises: Bool?
      for power in powers where (power - extreme).magnitude > 150 {
        if let rises, rises != (power > extreme) { count += 1 }
        rises = power > extreme
        extreme = power
      }
      return count
    }
  }

  /// A steady house: the grid is at zero after some steps, without swinging, however late the meter is.
  @Test(arguments: [0, 1, 3, 5]) func theGridIsBroughtToZero(delay: Int) {
    var house = House(delay: delay)
    house.load = 3000
    house.told = Array(repeating: 3000, count: delay)
    house.run(120)
    #expect((house.load - house.battery).magnitude < 150)
    #expect(house.turns == 0)
    let writes = Set(house.scene.writes(Scene.hybrid, .dischargeLimit)).filter { $0 > 60 }
    #expect(writes.count <= 2)
    #expect(house.scene.sentence == "Self-consumption: the battery gives 3 kW to the house.")
  }

  /// Scenario 4, for our own loop: the meter 3 s late, a kettle of 2 kW 10 s on and off for five minutes. The loop follows the kettle at
  /// most, and never adds a swing of its own.
  @Test func aKettleAndALateMeter() {
    var house = House(delay: 3)
    house.run(30)
    house.powers = []
    for round in 0..<30 {
      house.load = round.isMultiple(of: 2) ? 3000 : 1000
      house.run(10)
    }
    #expect(house.turns <= 30)
    #expect(house.powers.allSatisfy { (700...3300).contains($0) })
    house.powers = []
    house.load = 1000
    house.run(60)
    #expect((house.load - house.battery).magnitude < 150)
  }

  @Test func surplusIsTaken() {
    var house = House(delay: 1)
    house.load = -2000
    house.run(60)
    #expect((house.battery + 2000).magnitude < 150)
    #expect(house.scene.sentence.contains("the battery takes 2 kW of what would be fed in"))
  }

  /// 5 kW at once: steps of at most 30 % of the power.
  @Test func itRamps() {
    var house = House(delay: 0)
    house.run(30)
    house.load = 5000
    house.run(2)
    #expect(house.battery < 3500)
    house.run(30)
    #expect((house.load - house.battery).magnitude < 150)
  }

  /// The meter is silent: the last word holds until its reading is too old (5 s) and for 10 s more, then the battery rests.
  @Test func withoutAMeterTheBatteryRests() {
    var house = House(delay: 0)
    house.run(30)
    house.scene.silent = [Scene.meter]
    house.run(14)
    #expect(house.battery > 500)
    house.run(10)
    #expect(house.battery.magnitude < 10)
    #expect(house.scene.sentence.contains("the battery rests because the power at the grid connection is unknown"))
  }

  /// As in seed 6709: a battery is not emptied into another one that its inverter charges from the grid by a programme.
  @Test(arguments: [0, 3]) func anotherBatteryIsNotChargedFromThisOne(delay: Int) {
    var house = House(delay: delay, hasSecond: true)
    house.run(60)
    #expect((house.battery - 1000).magnitude < 150)
    house.taken = 3000
    house.run(60)
    #expect((house.battery - 1000).magnitude < 150)
    #expect(house.powers.allSatisfy { $0 < 1150 || delay > 0 })
    // What is left over goes into it all the same.
    house.load = -2000
    house.taken = 500
    house.run(60)
    #expect((house.battery + 1500).magnitude < 150)
  }
}
