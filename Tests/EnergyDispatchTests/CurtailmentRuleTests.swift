import EnergyModel
import TestKit
import Testing

@testable import EnergyDispatch

/// From 11:00 to 14:00 feeding in costs 2 ct/kWh.
struct CurtailmentRuleTests {
  private func scene(at minutes: Int) -> Scene {
    let parameters = Scene.parameters {
      $0.tariff = .init(
        buy: [.init(start: 0, end: 1440, price: 30)], sell: 8, sellWindows: [.init(start: 660, end: 840, price: -2)])
      $0.economics = ["self-consumption", "curtail-negative"]
    }
    var scene = Scene(parameters)
    scene.values[Scene.hybrid]?.merge([.power: 4000, .pvPower: 4000, .batteryPower: 0]) { $1 }
    scene.values[Scene.meter]?[.power] = -3200
    scene.time.advance(by: .seconds(60 * minutes - 1))
    scene.run(1)
    return scene
  }

  @Test func nothingIsFedInWhileItCosts() {
    var scene = scene(at: 90)
    #expect(scene.productionLimit == 800)
    #expect(scene.sentence.contains("the hybrid produces at most 800 W because feeding in is paid with -2 ct/kWh"))
    scene.time.advance(by: .seconds(9000))
    scene.run(1)
    #expect(scene.productionLimit == nil)
  }

  @Test func atOtherHoursItIsFedIn() { #expect(scene(at: 59).productionLimit == nil) }

  @Test func withoutAClockOrAReadingThereIsNoBound() {
    var scene = scene(at: 90)
    scene.time.trustClock(false)
    scene.run(1)
    #expect(scene.productionLimit == nil)
    scene.time.trustClock(true)
    scene.run(1)
    #expect(scene.productionLimit == 800)
    scene.values[Scene.hybrid]?[.islanded] = 1
    scene.run(1)
    #expect(scene.productionLimit == nil)
    scene.values[Scene.hybrid]?[.islanded] = 0
    scene.values[Scene.meter]?[.power] = .nan
    scene.run(1)
    #expect(scene.productionLimit == nil)
  }
}
