import EnergyModel
import Testing

@testable import EnergyDispatch

struct SurplusChargingRuleTests {
  private static let car = ConsumerScene.car

  /// A car that is paused and has been for an hour; the battery is full.
  private func scene(
    _ site: CarSite, soc: Double = 95, switches: Bool = false, late: Int = 0,
    weather: @escaping (inout CarSite, Int) -> Void = { _, _ in }
  ) -> ConsumerScene {
    let parameters = Scene.parameters {
      $0.loads = []
      $0.economics = ["self-consumption", "surplus-car"]
      $0.chargers = [.init(device: Self.car, switchesPhases: switches)]
    }
    var scene = ConsumerScene(parameters, memory: ["charger car\toff 60 phases 60"])
    scene.values[Self.car] = [.power: 0, .chargingState: 1, .chargingCurrentLimit: 0, .chargingPhases: 3]
    scene.values[Scene.hybrid]?[.soc] = soc
    if late > 0 { scene.late[Scene.meter] = late }
    var site = site
    scene.nature = {
      weather(&site, $0.second)
      site.step(&$0)
    }
    return scene
  }

  private func current(_ scene: ConsumerScene, at second: Int? = nil) -> Double {
    scene.setpoint(Self.car, .chargingCurrent, at: second) ?? -1
  }

  /// 1 s: 6 kW of surplus · a minute later the car gets what it needs at least, then what there is, and nothing is imported
  @Test func theCarTakesTheSurplus() {
    var scene = scene(CarSite(pv: 6500))
    scene.run(60)
    #expect(current(scene) == 0)
    #expect(scene.sentence.contains("the car is paused because the surplus of 6 kW has yet to last for a minute"))
    scene.run(1)
    #expect(current(scene) == 6)
    scene.run(60)
    #expect((8.2...8.7).contains(current(scene)))
    #expect((scene.view.grid?.power ?? -1) <= 0)
    #expect(scene.sentence.contains("the car may charge with 6 kW because there is a surplus of 6 kW"))
  }

  @Test func tooLittleIsNoCharge() {
    var scene = scene(CarSite(pv: 4500))
    scene.run(600)
    #expect(scene.changes(Self.car, .chargingCurrent) == [])
    #expect(
      scene.sentence.contains("the car is paused because the surplus of 4 kW is less than the 4.1 kW it needs"))
  }

  /// 4 kW are enough for one phase.
  @Test func onePhaseTakesWhatThreeCannot() {
    var scene = scene(CarSite(pv: 3500), switches: true)
    scene.run(200)
    #expect(scene.setpoint(Self.car, .chargingPhases) == 1)
    #expect((12.5...13.1).contains(current(scene)))
    #expect(scene.sentence.contains("the car may charge with 3 kW on one phase because there is a surplus of 3 kW"))
  }

  /// Ten minutes of sun, then clouds of forty seconds each two minutes: the car goes on, with less.
  @Test func cloudsDoNotMakeItFlap() {
    var scene = scene(CarSite(pv: 7500)) { site, second in
      site.pv = second > 600 && second % 120 < 40 ? 1500 : 7500
    }
    scene.run(3600)
    let pauses = scene.changes(Self.car, .chargingCurrent).filter { current(scene, at: $0) == 0 }
    #expect(pauses == [])
    // Never more often than each ten seconds.
    let changes = scene.changes(Self.car, .chargingCurrent)
    #expect(zip(changes, changes.dropFirst()).allSatisfy { $1 - $0 >= 10 })
  }

  /// 300 s: the sun is gone. It goes on with the least for its minimum time of five minutes, then pauses; the pause lasts as well.
  @Test func withoutSunItPausesAfterItsMinimumTime() {
    var scene = scene(CarSite(pv: 7500)) { site, second in
      site.pv = (100..<500).contains(second) ? 0 : 7500
    }
    scene.run(1000)
    let begun = scene.first(Self.car, .chargingCurrent, 6)
    #expect(begun == 61)
    let paused = scene.first(Self.car, .chargingCurrent, 0, after: 61)
    #expect(paused == 362)
    #expect((150..<362).allSatisfy { current(scene, at: $0) == 6 })
    #expect(scene.first(Self.car, .chargingCurrent, 6, after: 362) == 663)
  }

  /// At 50 % the battery takes its 5 kW first, and 3 kW are left: too little. At 82 % the car goes first.
  @Test func theBatteryComesFirstUntilItIsNearlyFull() {
    var low = scene(CarSite(pv: 8500), soc: 50)
    low.run(400)
    #expect(current(low) == 0)
    #expect(low.sentence.contains("less than the 4.1 kW it needs, and the battery comes first"))
    var high = scene(CarSite(pv: 8500), soc: 82)
    high.run(400)
    #expect((10.8...11.6).contains(current(high)))
    // What was there for both is: the battery takes its part first, the car the rest.
    var both = scene(CarSite(pv: 10_500), soc: 50)
    both.run(400)
    #expect((6.8...7.3).contains(current(both)))
    #expect((both.view.hybrids[0].batteryPower ?? 0) < -4900)
  }

  /// *Skew*: the meter is three seconds late, a kettle comes and goes each ten seconds. The current stays within a narrow band,
  /// and no load is negative.
  @Test func aLateMeterAndAKettleDoNotMakeItSwing() {
    var scene = scene(CarSite(pv: 8500), late: 3) { site, second in
      site.kettle = second > 200 && second % 20 < 10 ? 2000 : 0
    }
    scene.run(300)
    for _ in 0..<900 {
      scene.step()
      #expect(scene.view.load != nil)
      #expect((450...2600).contains(scene.view.balance?.uncontrolled ?? -1))
    }
    let currents = (300..<1200).map { current(scene, at: $0) }
    #expect(currents.allSatisfy { (8.5...11.7).contains($0) })
    // A swing of the loop would double itself; what is left is the kettle's own ripple.
    #expect((currents.max() ?? 0) - (currents.min() ?? 0) <= 1.5)
  }

  /// 200 s: the meter falls silent. For half a minute everything stays, then there is no surplus; the minimum time is kept.
  @Test func withoutTheMeterThereIsNoSurplus() {
    var scene = scene(CarSite(pv: 7500))
    scene.run(400)
    #expect(current(scene) > 9)
    scene.silent = [Scene.meter]
    scene.run(30)
    #expect(current(scene) > 9)
    scene.run(120)
    #expect(current(scene) == 0)
    #expect(scene.sentence.contains("the car is paused because the surplus is unknown"))
  }

  /// Two cars: the one that is throttled last is served first, the other gets the rest once that is enough.
  @Test func twoCarsShareWhatThereIs() {
    let parameters = Scene.parameters {
      $0.loads = []
      $0.economics = ["surplus-car"]
      $0.chargers = [.init(device: "second", priority: 1), .init(device: Self.car, priority: 2)]
    }
    let idle: [Point: Double] = [.power: 0, .chargingState: 1, .chargingCurrentLimit: 0]
    var scene = ConsumerScene(
      parameters, memory: ["charger car\toff 60 phases 60", "charger second\toff 60 phases 60"])
    scene.values[Self.car] = idle
    scene.values["second"] = idle
    scene.values[Scene.hybrid]?[.power] = 20_000
    scene.values[Scene.meter]?[.power] = -6000
    scene.run(61)
    #expect(scene.setpoint(Self.car, .chargingCurrent) == 6)
    #expect(scene.setpoint("second", .chargingCurrent) == 0)
    scene.values[Scene.meter]?[.power] = -16_000
    scene.values[Self.car]?[.power] = 4140
    scene.run(200)
    #expect(scene.setpoint(Self.car, .chargingCurrent) == 16)
    // The first draws no more than 4.1 kW: the rest is not kept for it.
    #expect(scene.setpoint("second", .chargingCurrent) == 16)
  }

  @Test func noCarNoCharge() {
    var scene = scene(CarSite(pv: 7500))
    scene.values[Self.car]?[.chargingState] = 0
    scene.run(200)
    #expect(current(scene) == 0)
    #expect(!scene.sentence.contains("car is"))
  }
}
