import EnergyModel
import TestKit
import Testing

@testable import EnergyDispatch

struct OwnersOverrideRuleTests {
  private func scene(
    _ value: StandingOrders.Override, seconds: Int? = nil, _ parameters: SiteParameters = Scene.parameters()
  ) -> Scene {
    var scene = Scene(parameters)
    let now = scene.time.now().monotonic
    scene.orders.override = .init(
      value: value, starts: now, ends: seconds.map { now + .seconds($0) }, id: "1", issuer: "the owner")
    return scene
  }

  /// 10:00 hold until 12:00 · 12:00 the inverter covers the house again
  @Test func theBatteryHoldsUntilTheOrderEnds() {
    var scene = scene(.hold, seconds: 7200)
    scene.run(1)
    #expect(scene.chargeLimit == 0)
    #expect(scene.dischargeLimit == 0)
    #expect(
      scene.sentence
        == "Owner's override: the battery holds its charge because the owner asked for it until 12:00.")
    scene.time.advance(by: .seconds(7198))
    scene.run(1)
    #expect(scene.chargeLimit == 5000)
    #expect(scene.outcome?.decision.rule == "self-consumption")
  }

  @Test func chargingLeavesTheBatteryNoChoice() {
    var scene = scene(.charge(3000))
    scene.run(1)
    #expect(scene.chargeLimit == 3000)
    #expect(scene.dischargeLimit == -3000)
    #expect(
      scene.sentence == "Owner's override: the battery charges with 3 kW because the owner asked for it.")
  }

  @Test func dischargingStopsAtTheReserve() {
    var scene = scene(.discharge(2000))
    scene.run(1)
    #expect(scene.dischargeLimit == 2000)
    #expect(scene.chargeLimit == -2000)
    scene.values[Scene.hybrid]?[.soc] = 20
    scene.run(1)
    #expect(scene.dischargeLimit == 0)
    #expect(
      scene.sentence.contains("battery may not discharge because the reserve of 20 % is reached (20 %)"))
  }

  @Test func whatTheBMSAllowsIsNotExceededAndSaid() {
    var scene = scene(.charge(3000))
    scene.values[Scene.hybrid]?[.chargePowerMax] = 1200
    scene.run(1)
    #expect(scene.chargeLimit == 1200)
    #expect(scene.sentence.contains("battery may charge at most 1.2 kW because its BMS allows no more than 1.2 kW"))
  }

  /// 0.8 kW exported and 0.4 kW charged already: 1.2 kW of surplus; at night there is none.
  @Test func whereTheGridMayNotChargeOnlySurplusIs() {
    var scene = scene(.charge(3000), Scene.parameters { $0.hybrids[0].battery?.gridCharging = .never })
    scene.values[Scene.hybrid]?.merge([.batteryPower: -400, .pvPower: 1400, .power: 1000]) { $1 }
    scene.values[Scene.meter]?[.power] = -800
    scene.run(1)
    #expect(scene.chargeLimit == 1200)
    #expect(scene.sentence.contains("the battery charges from surplus only, up to 3 kW, because the owner asked"))
    scene.values[Scene.meter]?[.power] = 700
    scene.run(1)
    #expect(scene.chargeLimit == 0)
  }

  /// Two batteries of 5 and 3 kW share 4 kW; when the second is full the first takes it all.
  @Test func severalBatteriesShare() {
    let parameters = Scene.parameters { site in
      var second = site.hybrids[0]
      second.device = "second"
      second.battery?.maximumCharge = Watts(3000)
      site.hybrids.append(second)
    }
    var scene = scene(.charge(4000), parameters)
    scene.values["second"] = scene.values[Scene.hybrid]
    scene.run(1)
    #expect(scene.chargeLimit == 2500)
    #expect(scene.setpoint("second", .chargeLimit) == 1500)
    scene.values["second"]?[.soc] = 95
    scene.run(1)
    #expect(scene.chargeLimit == 4000)
    #expect(scene.setpoint("second", .chargeLimit) == 0)
  }

  @Test func anOrderThatIsToComeWaits() {
    var scene = scene(.hold)
    scene.orders.override?.starts = scene.time.now().monotonic + .seconds(10)
    scene.run(9)
    #expect(scene.dischargeLimit == 5000)
    scene.run(1)
    #expect(scene.dischargeLimit == 0)
  }
}
