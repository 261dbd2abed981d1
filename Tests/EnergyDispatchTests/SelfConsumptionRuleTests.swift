import EnergyModel
import Testing

@testable import EnergyDispatch

struct SelfConsumptionRuleTests {
  private static let surplusOnly = Scene.parameters { $0.hybrids[0].battery?.gridCharging = .never }

  @Test func theInverterRegulatesItself() {
    var scene = Scene()
    scene.run(1)
    #expect(scene.outcome?.decision.rule == "self-consumption")
    #expect(scene.outcome?.decision.wish == "the hybrid covers the house itself with the help of the battery")
    #expect(scene.sentence == "Self-consumption: the hybrid covers the house itself with the help of the battery.")
    #expect(scene.chargeLimit == 5000)
  }

  @Test func switchedOffItWishesNothing() {
    var scene = Scene(
      Scene.parameters {
        $0.economics = []; $0.loads = []
      })
    scene.run(1)
    #expect(scene.outcome?.decision.rule == nil)
    #expect(scene.sentence == "No rule wishes or bounds anything.")
  }

  /// 1 s: night, no charging · 2 s: 1.2 kW surplus, 1.5 kW + one step · 3 s: surplus 0.2, kept a minute
  @Test func chargingIsBoundByTheSurplus() {
    var scene = Scene(Self.surplusOnly)
    scene.run(1)
    #expect(scene.chargeLimit == 0)
    scene.values[Scene.hybrid]?[.batteryPower] = -1000
    scene.values[Scene.meter]?[.power] = -200
    scene.run(1)
    #expect(scene.chargeLimit == 2000)
    scene.values[Scene.meter]?[.power] = 800
    scene.run(60)
    #expect(scene.chargeLimit == 2000)
    scene.run(1)
    #expect(scene.chargeLimit == 1000)
    #expect(scene.newDecisions == [1])
  }

  @Test func belowTheWindowTheBMSMayCharge() {
    var scene = Scene(Self.surplusOnly)
    scene.values[Scene.hybrid]?[.soc] = 9
    scene.run(1)
    #expect(scene.chargeLimit == 5000)
  }

  /// 1 s: bound · 2 s: grid and inverter contradict each other, the bound stays · a minute later there is none
  @Test func anUnknownSurplusKeepsTheBoundForAMinute() {
    var scene = Scene(Self.surplusOnly)
    scene.run(1)
    scene.values[Scene.meter]?[.power] = -5000
    scene.run(60)
    #expect(scene.chargeLimit == 0)
    scene.run(1)
    #expect(scene.chargeLimit == 5000)
  }

  /// Two batteries, 1.2 kW of surplus: by their room of 45 and 15 % they take 0.9 and 0.3 kW, each plus one step. The second is
  /// full: the first may take it all.
  @Test func severalBatteriesShareTheSurplus() {
    var parameters = Self.surplusOnly
    var second = parameters.hybrids[0]
    second.device = "second"
    parameters.hybrids.append(second)
    var scene = Scene(parameters)
    scene.values[Scene.hybrid]?.merge([.batteryPower: -500, .power: 4000, .pvPower: 4500]) { $1 }
    scene.values["second"] = scene.values[Scene.hybrid]?.merging([.batteryPower: -400, .soc: 80]) { $1 }
    scene.values[Scene.meter]?[.power] = -300
    scene.run(1)
    #expect(scene.setpoint(Scene.hybrid, .chargeLimit) == 1500)
    #expect(scene.setpoint("second", .chargeLimit) == 1000)
    scene.values["second"]?.merge([.soc: 95, .batteryPower: 0]) { $1 }
    scene.values[Scene.meter]?[.power] = -700
    scene.run(1)
    #expect(scene.setpoint(Scene.hybrid, .chargeLimit) == 2000)
  }
}
