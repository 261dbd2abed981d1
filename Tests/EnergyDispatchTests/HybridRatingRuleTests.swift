import EnergyModel
import Testing

@testable import EnergyDispatch

struct HybridRatingRuleTests {
  private func scene(pv: Double) -> Scene {
    var scene = Scene()
    scene.values[Scene.hybrid]?.merge([.pvPower: pv, .batteryPower: 0, .power: pv]) { $1 }
    return scene
  }

  /// The inverter passes 10 kW.
  @Test(arguments: [(0.0, 5000.0), (5000, 5000), (5100, 4500), (8000, 2000), (9800, 0), (11_000, 0)])
  func dischargingHasWhatTheStringsLeave(pv: Double, most: Double) {
    var scene = scene(pv: pv)
    scene.run(1)
    #expect(scene.dischargeLimit == most)
    #expect(scene.chargeLimit == 5000)
  }

  @Test func chargingFromItsOwnStringsBypassesTheRating() {
    var scene = Scene(
      Scene.parameters {
        $0.hybrids[0].acLimit = Watts(3000)
      })
    scene.values[Scene.hybrid]?.merge([.pvPower: 1000, .batteryPower: 0, .power: 1000]) { $1 }
    scene.run(1)
    #expect(scene.chargeLimit == 4000)
    #expect(scene.dischargeLimit == 2000)
  }

  /// 1 s: 8 kW · 2 s: a cloud · 62 s: it has lasted for a minute · 70 s: sun again, at once
  @Test func itFallsAtOnceAndRisesAfterAMinute() {
    var scene = scene(pv: 8000)
    scene.run(1)
    scene.values[Scene.hybrid]?.merge([.pvPower: 1000, .power: 1000]) { $1 }
    scene.run(60)
    #expect(scene.dischargeLimit == 2000)
    scene.run(1)
    #expect(scene.dischargeLimit == 5000)
    scene.values[Scene.hybrid]?.merge([.pvPower: 9000, .power: 9000]) { $1 }
    scene.run(1)
    #expect(scene.dischargeLimit == 1000)
  }

  /// Neither the strings nor the AC power: they may give all of their 9.8 kW.
  @Test func unknownStringsGiveAllTheyCan() {
    var scene = scene(pv: 0)
    scene.values[Scene.hybrid]?[.pvPower] = nil
    scene.values[Scene.hybrid]?[.power] = nil
    scene.run(1)
    #expect(scene.dischargeLimit == 0)
  }
}
