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
  @Test(arguments: [(0.0, 5000.0), (5000, 5000), (5100, 5000), (8000, 2000), (9800, 500), (11_000, 0)])
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

  /// 1 s: 8 kW · 2 s: a cloud, and the battery may give all it can at once · 3 s: sun again: the inverter keeps its rating by
  /// itself, the bound follows after a minute
  @Test func itRisesAtOnceAndFallsAfterAMinute() {
    var scene = scene(pv: 8000)
    scene.run(1)
    #expect(scene.dischargeLimit == 2000)
    scene.values[Scene.hybrid]?.merge([.pvPower: 1000, .power: 1000]) { $1 }
    scene.run(1)
    #expect(scene.dischargeLimit == 5000)
    scene.values[Scene.hybrid]?.merge([.pvPower: 9000, .power: 9000]) { $1 }
    scene.run(60)
    #expect(scene.dischargeLimit == 5000)
    scene.run(1)
    #expect(scene.dischargeLimit == 1000)
  }

  /// Nobody has told of the strings yet, or not any more: what was known stays, and a start holds nothing back.
  @Test func unknownStringsChangeNothing() {
    var scene = scene(pv: 0)
    scene.values[Scene.hybrid]?[.pvPower] = nil
    scene.values[Scene.hybrid]?[.power] = nil
    scene.run(1)
    #expect(scene.dischargeLimit == 5000)
    scene.values[Scene.hybrid]?.merge([.pvPower: 8000, .power: 8000]) { $1 }
    scene.run(1)
    #expect(scene.dischargeLimit == 2000)
    scene.values[Scene.hybrid]?[.pvPower] = nil
    scene.values[Scene.hybrid]?[.power] = nil
    scene.run(120)
    #expect(scene.dischargeLimit == 2000)
  }
}
