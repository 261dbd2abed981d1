import EnergyModel
import Testing

@testable import EnergyDispatch

struct BackupReserveRuleTests {
  /// 20.1 %: free · 20 %: reached · 21.9 %: still reached · 22 %: free
  @Test func noDischargingBelowTheReserve() {
    var scene = Scene()
    scene.values[Scene.hybrid]?[.soc] = 20.1
    scene.run(1)
    #expect(scene.dischargeLimit == 5000)
    scene.values[Scene.hybrid]?[.soc] = 20
    scene.run(1)
    #expect(scene.dischargeLimit == 0)
    #expect(scene.chargeLimit == 5000)
    scene.values[Scene.hybrid]?[.soc] = 21.9
    scene.run(1)
    #expect(scene.dischargeLimit == 0)
    scene.values[Scene.hybrid]?[.soc] = 22
    scene.run(1)
    #expect(scene.dischargeLimit == 5000)
    #expect(scene.newDecisions == [1, 2, 4])
  }

  @Test func theSentenceSaysWhatItCosts() {
    var scene = Scene()
    scene.values[Scene.hybrid]?[.soc] = 19.6
    scene.values[Scene.meter]?[.power] = 1200
    scene.values[Scene.hybrid]?.merge([.batteryPower: 0, .power: 0]) { $1 }
    scene.run(1)
    #expect(
      scene.sentence
        == "Self-consumption: the hybrid covers what it can of the house; battery may not discharge because "
        + "the reserve of 20 % is reached (19.6 %), which forgoes up to 1.2 kW.")
  }

  @Test func memoryKeepsTheHysteresis() {
    var scene = Scene()
    scene.values[Scene.hybrid]?[.soc] = 19
    scene.run(1)
    var again = Scene(savedMemory: scene.core.savedMemory)
    again.values[Scene.hybrid]?[.soc] = 21
    again.run(1)
    #expect(again.dischargeLimit == 0)
    var lost = Scene(savedMemory: Array("rubbish\u{0}\n\t\t".utf8))
    lost.values[Scene.hybrid]?[.soc] = 21
    lost.run(1)
    #expect(lost.dischargeLimit == 0)
  }
}
