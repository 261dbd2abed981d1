import EnergyModel
import Testing

@testable import EnergyDispatch

struct HeatPumpBoostRuleTests {
  private static let pump = ConsumerScene.pump

  /// A pump rated 3 kW that takes 2 kW when boosted; the battery is full.
  private func scene(
    pv: Double, soc: Double = 95, weather: @escaping (inout CarSite, Int) -> Void = { _, _ in }
  ) -> ConsumerScene {
    var scene = HeatPumpRuleTests.scene {
      $0.economics = ["heat-pump-boost"]
      $0.heatPumps[0].rated = Watts(3000)
    }
    scene.values[Scene.hybrid]?[.soc] = soc
    var site = CarSite(pv: pv, boostPower: 2000)
    scene.nature = {
      weather(&site, $0.second)
      site.step(&$0)
    }
    return scene
  }

  @Test func aSurplusThatLastsIsStoredAsHeat() {
    var scene = scene(pv: 0) { site, second in site.pv = second < 700 ? 0 : 4000 }
    scene.run(999)
    #expect(scene.setpoint(Self.pump, .heatPumpState) == 2)
    scene.run(1)
    #expect(scene.setpoint(Self.pump, .heatPumpState) == 3)
    #expect(scene.sentence.contains("the pump may take more because there is more than batteries and cars take"))
  }

  @Test func tooLittleOrTooShortIsNone() {
    var small = scene(pv: 3400)
    small.run(1000)
    #expect(small.changes(Self.pump, .heatPumpState) == [])
    var short = scene(pv: 4000) { site, second in site.pv = second % 280 < 270 ? 4000 : 500 }
    short.run(1000)
    #expect(short.changes(Self.pump, .heatPumpState) == [])
  }

  /// 600 s: the time between two boosts, which a start begins, is over. 700 s: the sun goes. The boost lasts its ten minutes;
  /// later import ends it after a minute.
  @Test func importEndsItFirst() {
    var early = scene(pv: 4000) { site, second in site.pv = second < 700 ? 4000 : 500 }
    early.run(1400)
    #expect(early.changes(Self.pump, .heatPumpState) == [600, 1201])
    var late = scene(pv: 4000) { site, second in site.pv = second < 2000 ? 4000 : 2000 }
    late.run(2100)
    #expect(late.changes(Self.pump, .heatPumpState) == [600, 2060])
  }

  @Test func theBatteryComesFirst() {
    var scene = scene(pv: 5000, soc: 50)
    scene.run(1000)
    #expect(scene.changes(Self.pump, .heatPumpState) == [])
  }

  @Test func anythingStrongerEndsItAtOnce() {
    var scene = scene(pv: 4000)
    scene.limits = [.init(610..<700, .heatPump(Self.pump), .atMost(2), .legalLimit)]
    scene.run(610)
    #expect(scene.changes(Self.pump, .heatPumpState) == [600, 610])
  }

  @Test func withOneContactThereIsNoBoost() {
    var scene = HeatPumpRuleTests.scene {
      $0.economics = ["heat-pump-boost"]
      $0.heatPumps[0].canBoost = false
    }
    scene.values[Scene.meter]?[.power] = -9000
    scene.run(700)
    #expect(scene.setpoint(Self.pump, .heatPumpState) == 2)
  }
}
