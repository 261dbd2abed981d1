import EnergyModel
import TestKit
import Testing

@testable import EnergyDispatch

/// From 11:00 to 14:00 feeding in costs 2 ct/kWh.
struct CurtailmentRuleTests {
  private func scene(at minutes: Int, _ second: [Point: Double]? = nil, grid: Double = -3200) -> Scene {
    let parameters = Scene.parameters {
      $0.tariff = .init(
        buy: [.init(start: 0, end: 1440, price: 30)], sell: 8, sellWindows: [.init(start: 660, end: 840, price: -2)])
      $0.economics = ["self-consumption", "curtail-negative"]
      guard second != nil else { return }
      $0.hybrids.append($0.hybrids[0])
      $0.hybrids[1].device = "second"
    }
    var scene = Scene(parameters)
    scene.values[Scene.hybrid]?.merge([.power: 4000, .pvPower: 4000, .batteryPower: 0]) { $1 }
    if let second { scene.values["second"] = scene.values[Scene.hybrid]?.merging(second) { $1 } }
    scene.values[Scene.meter]?[.power] = grid
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

  /// 0.8 kW for the house: of 4 kW and 200 W the shares are as large as they are; what one of them takes the other may give.
  @Test func whatLiesInTheShadeNeedsNoPart() {
    let shade = scene(at: 90, [.power: 200, .pvPower: 200], grid: -3400)
    #expect(shade.productionLimit.map { ($0 - 762).magnitude < 1 } == true)
    let taking = scene(at: 90, [.power: -3000, .pvPower: 0, .batteryPower: -2900], grid: -200)
    #expect(taking.productionLimit == 3800)
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
