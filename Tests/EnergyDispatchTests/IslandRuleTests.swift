import EnergyModel
import TestKit
import Testing

@testable import EnergyDispatch

struct IslandRuleTests {
  /// Pool 1 kW goes first, boiler 3 kW second: below 52.5 % and 31.25 % of the window 10...95 %.
  private static func parameters(_ change: (inout SiteParameters) -> Void = { _ in }) -> SiteParameters {
    Scene.parameters {
      $0.loads = [Scene.load(Scene.pool, 1000, 1), Scene.load(Scene.boiler, 3000, 2)]
      change(&$0)
    }
  }

  private static let memory = Scene.quietMemory + Array("\nisland\tgrid shed".utf8)

  private func scene(_ parameters: SiteParameters = IslandRuleTests.parameters(), soc: Double = 80) -> Scene {
    var scene = Scene(parameters, savedMemory: Self.memory)
    scene.values[Scene.hybrid]?.merge([.soc: soc, .islanded: 0, .frequency: 50]) { $1 }
    return scene
  }

  private func loseGrid(_ scene: inout Scene) {
    scene.values[Scene.hybrid]?[.islanded] = 1
    scene.silent = [Scene.meter]
  }

  private func relay(_ scene: Scene, _ device: DeviceID) -> Double? { scene.values[device]?[.relayOn] }

  private func says(_ scene: Scene, _ bound: String) -> Bool {
    scene.outcome?.decision.bounds.contains { $0.rule == "island" && $0.text == bound } ?? false
  }

  /// Scenario 3.
  /// 18:59 SoC 25 %, reserve 30 %: no discharging · 19:00 grid lost: opened once, both loads shed · 19:05 53 Hz: nothing ·
  /// 19:10 BMS silent: nothing · 20:00 crash · 21:00 grid back: the boiler returns after a stable minute, once twice its power
  /// has room; the pool after its minimum off time of 2 h 10 min
  @Test func anOutageInTheEvening() {
    let parameters = Self.parameters {
      $0.reserve = Percent(30)
      $0.loads[0].minimumOff = .seconds(7800)
    }
    var scene = scene(parameters, soc: 25)
    scene.time.stepWall(by: .seconds(9 * 3600 - 60))
    scene.run(60)
    #expect(scene.dischargeLimit == 0)
    loseGrid(&scene)
    scene.run(1)
    let opened = scene.commands.last { $0.command.device == Scene.hybrid }
    #expect(opened?.second == 61)
    #expect(opened?.command.setpoints.map(\.value) == [5000, 5000])
    #expect(scene.told("island") == [61])
    #expect(scene.sentence.contains("hybrid's battery is left to its inverter because the site runs as an island"))
    scene.run(10)
    #expect([relay(scene, Scene.pool), relay(scene, Scene.boiler)] == [0, 0])
    let written = scene.commands.count
    scene.run(229)
    scene.values[Scene.hybrid]?[.frequency] = 53
    scene.run(300)
    scene.values[Scene.hybrid]?.merge([.soc: .nan, .chargePowerMax: .nan, .dischargePowerMax: .nan]) { $1 }
    scene.run(60)
    #expect(scene.commands.count == written)
    scene.time.advance(by: .seconds(2999))
    scene.run(1)

    var again = Scene(parameters, savedMemory: scene.core.savedMemory)
    again.values = scene.values
    again.time.advance(by: scene.time.now().monotonic - again.time.now().monotonic)
    again.silent = [Scene.meter]
    again.run(60)
    #expect(again.commands.isEmpty)
    again.time.advance(by: .seconds(3540))

    again.silent = []
    again.values[Scene.hybrid]?.merge(
      [.islanded: 0, .frequency: 50, .soc: 22, .chargePowerMax: 5000, .dischargePowerMax: 5000]) { $1 }
    again.importCurrent(6)
    again.run(100)
    #expect(again.dischargeLimit == 0)
    #expect(relay(again, Scene.boiler) == 0)
    again.importCurrent(5)
    again.run(62)
    #expect(relay(again, Scene.boiler) == 1)
    #expect(relay(again, Scene.pool) == 0)
    #expect(again.told("load-restored") == [221])
    again.run(430)
    #expect(relay(again, Scene.pool) == 0)
    again.run(120)
    #expect(relay(again, Scene.pool) == 1)
  }

  @Test func whatIsFullEnoughKeepsAllLoads() {
    var scene = scene()
    loseGrid(&scene)
    scene.run(120)
    #expect([relay(scene, Scene.pool), relay(scene, Scene.boiler)] == [1, 1])
  }

  /// 52 %: the pool · 56 %: still · 58 %: a minute later it is back · 31 %: both
  @Test func prioritiesGoByTheRemainingEnergy() {
    var scene = scene()
    loseGrid(&scene)
    scene.values[Scene.hybrid]?[.soc] = 52
    scene.run(5)
    #expect([relay(scene, Scene.pool), relay(scene, Scene.boiler)] == [0, 1])
    #expect(says(scene, "off: the site runs as an island with 52 % of charge left"))
    scene.values[Scene.hybrid]?[.soc] = 56
    scene.run(100)
    #expect(relay(scene, Scene.pool) == 0)
    scene.values[Scene.hybrid]?[.soc] = 58
    scene.run(63)
    #expect(relay(scene, Scene.pool) == 1)
    scene.values[Scene.hybrid]?[.soc] = 31
    scene.run(62)
    #expect([relay(scene, Scene.pool), relay(scene, Scene.boiler)] == [0, 0])
  }

  @Test func theOwnersThresholdsCount() {
    var scene = scene(Self.parameters { $0.island.shedBelow = [1: 20] })
    loseGrid(&scene)
    scene.values[Scene.hybrid]?[.soc] = 25
    scene.run(5)
    #expect([relay(scene, Scene.pool), relay(scene, Scene.boiler)] == [1, 0])
  }

  @Test func anUnknownChargeIsEmptyAfterAMinute() {
    var scene = scene()
    loseGrid(&scene)
    scene.values[Scene.hybrid]?[.soc] = .nan
    scene.run(59)
    #expect(relay(scene, Scene.pool) == 1)
    scene.run(5)
    #expect([relay(scene, Scene.pool), relay(scene, Scene.boiler)] == [0, 0])
  }

  /// 10 kW rating: 9.7 kW is above 95 % and sheds the pool at once, 6 kW of discharging is above what the BMS allows.
  @Test(arguments: [(ac: 9700.0, battery: 2000.0, boiler: 1.0), (ac: 6000, battery: 6500, boiler: 0)])
  func anOverloadShedsAtOnce(ac: Double, battery: Double, boiler: Double) {
    var scene = scene()
    loseGrid(&scene)
    scene.values[Scene.hybrid]?.merge([.power: ac, .batteryPower: battery]) { $1 }
    scene.run(2)
    #expect(relay(scene, Scene.pool) == 0)
    #expect(relay(scene, Scene.boiler) == boiler)
    #expect(says(scene, "off: the site runs as an island and it was overloaded"))
  }

  @Test func criticalLoadsStay() {
    var scene = scene(Self.parameters { $0.loads[1].isCritical = true })
    loseGrid(&scene)
    scene.values[Scene.hybrid]?.merge([.power: 12_000, .soc: 11]) { $1 }
    scene.run(30)
    #expect([relay(scene, Scene.pool), relay(scene, Scene.boiler)] == [0, 1])
  }

  /// 8 kW of base load and both loads would be more than 10 kW: ten seconds later loads go
  @Test func anInverterThatDoesNotTellItsPowerCountsAsOverloaded() {
    var scene = scene(Self.parameters { $0.baseLoad = Watts(6500) })
    loseGrid(&scene)
    scene.values[Scene.hybrid]?[.power] = .nan
    scene.run(9)
    #expect(relay(scene, Scene.pool) == 1)
    scene.run(4)
    #expect([relay(scene, Scene.pool), relay(scene, Scene.boiler)] == [0, 1])
  }

  /// The grid is at 0 W and the meter is silent: no island without the inverter's word.
  @Test(arguments: [nil, 0.0]) func onlyTheInverterSaysSo(signal: Double?) {
    var scene = scene(soc: 15)
    scene.values[Scene.hybrid]?[.islanded] = signal
    scene.values[Scene.meter]?[.power] = 0
    scene.run(5)
    scene.silent = [Scene.meter]
    scene.run(5)
    #expect(scene.dischargeLimit == 0)
    #expect(scene.told("island").isEmpty)
  }

  /// The signal falls silent on an island: it goes on, the battery is not touched.
  @Test func anUnknownSignalLeavesAnIslandAsItIs() {
    var scene = scene(soc: 25)
    scene.run(1)
    loseGrid(&scene)
    scene.run(5)
    scene.values[Scene.hybrid]?[.islanded] = .nan
    let written = scene.commands.count
    scene.run(100)
    #expect(scene.commands.count == written)
    #expect(scene.dischargeLimit == nil)
  }

  @Test func carsWaitAndHeatPumpsAreNotBoosted() {
    let parameters = Self.parameters {
      $0.chargers = [.init(device: "car")]
      $0.heatPumps = [.init(device: "pump", rated: Watts(2000), priority: 3)]
    }
    var scene = scene(parameters)
    scene.values["car"] = [.power: 3000, .chargingState: 2, .chargingCurrentLimit: 6]
    scene.values["pump"] = [.heatPumpState: 3]
    loseGrid(&scene)
    scene.run(1)
    #expect(scene.setpoint("car", .chargingCurrent) == 0)
    #expect(scene.setpoint("pump", .heatPumpState) == 2)
    #expect(scene.sentence.contains("the car is paused because the site runs as an island"))
  }

  @Test func theFuseAndTheFeedInCapDoNotApply() {
    var scene = scene(Self.parameters { $0.feedIn = .init(limit: Watts(1000), storedIn: Scene.hybrid) })
    scene.importCurrent(50)
    scene.values[Scene.hybrid]?.merge([.islanded: 1, .power: 8000, .pvPower: 8000, .batteryPower: 0]) { $1 }
    scene.run(20)
    #expect(scene.productionLimit == nil)
    #expect([relay(scene, Scene.pool), relay(scene, Scene.boiler)] == [1, 1])
  }

  /// As in seed 1529. 0:05 the grid is lost and the hybrid carries the island; the roof's inverter is silent · 0:10 the hybrid is
  /// back at the grid: its word is enough, the roof's was never heard.
  @Test func whoSaidThatThereIsAnIslandSaysThatItIsOver() {
    var scene = withRoof()
    scene.silent = [Self.roof]
    scene.run(5)
    scene.values[Scene.hybrid]?[.islanded] = 1
    scene.run(5)
    #expect(scene.sentence.contains("because the site runs as an island"))
    scene.values[Scene.hybrid]?[.islanded] = 0
    scene.run(1)
    #expect(!scene.sentence.contains("because the site runs as an island"))
  }

  /// It falls silent itself: what another inverter does not see is no proof that the grid is back.
  @Test func whileWhoSaidItIsSilentTheIslandGoesOn() {
    var scene = withRoof()
    scene.run(5)
    scene.values[Scene.hybrid]?[.islanded] = 1
    scene.run(5)
    scene.silent = [Scene.hybrid]
    scene.run(20)
    #expect(scene.outcome?.decision.bounds.contains { $0.rule == "island" } == true)
  }

  private static let roof: DeviceID = "roof"

  private func withRoof() -> Scene {
    let parameters = Self.parameters {
      $0.hybrids.append(
        .init(
          device: Self.roof, acLimit: Watts(5000), pvPeak: Watts(5000), battery: nil, batteryReversion: nil,
          productionReversion: .seconds(60)))
      $0.chargers = [.init(device: "car")]
    }
    var scene = scene(parameters)
    scene.values[Self.roof] = [.power: 0, .pvPower: 0, .islanded: 0]
    return scene
  }
}
