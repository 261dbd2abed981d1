import EnergyModel
import TestKit
import Testing

@testable import EnergyDispatch

struct BatteryPowerRuleTests {
  private static let other: DeviceID = "other"

  private func order(
    _ scene: Scene, _ power: Double, after: Int64 = 0, for seconds: Int64 = 900, issuer: String = "vpp"
  ) -> StandingOrders.Order<Double> {
    let starts = scene.time.now().monotonic + .seconds(after)
    return .init(value: power, starts: starts, ends: starts + .seconds(seconds), id: issuer, issuer: issuer)
  }

  /// The second battery holds 20 kWh, the first 10.
  private func two() -> Scene {
    var scene = Scene(
      Scene.parameters {
        var hybrid = $0.hybrids[0]
        hybrid.device = Self.other
        hybrid.battery?.usable = WattHours(20_000)
        $0.hybrids.append(hybrid)
      })
    scene.values[Self.other] = scene.values[Scene.hybrid]
    return scene
  }

  @Test func theBatteryDoesWhatIsAskedForItsDuration() {
    var scene = Scene()
    scene.orders.batteryPower = [order(scene, 3000, after: 5, for: 60)]
    scene.run(4)
    #expect(scene.dischargeLimit == 5000)
    scene.run(1)
    #expect(scene.dischargeLimit == 3000)
    #expect(scene.chargeLimit == -3000)
    #expect(scene.sentence.contains("vpp wants the batteries to discharge with 3 kW until"))
    scene.run(60)
    #expect(scene.dischargeLimit == 5000)
  }

  @Test func chargingAndResting() {
    var scene = Scene()
    scene.orders.batteryPower = [order(scene, -2000)]
    scene.run(1)
    #expect(scene.chargeLimit == 2000)
    #expect(scene.dischargeLimit == -2000)
    scene.orders.batteryPower = [order(scene, 0)]
    scene.run(1)
    #expect(scene.chargeLimit == 0)
    #expect(scene.dischargeLimit == 0)
    #expect(scene.sentence.contains("vpp wants the batteries to rest"))
  }

  /// By what is stored above the reserve of 20 %: 3 and 6 kWh
  @Test func severalBatteriesShareByHeadroom() {
    var scene = two()
    scene.orders.batteryPower = [order(scene, 6000)]
    scene.run(1)
    #expect(scene.dischargeLimit == 2000)
    #expect(scene.setpoint(Self.other, .dischargeLimit) == 4000)
    scene.orders.batteryPower = [order(scene, 9000)]
    scene.run(1)
    #expect(scene.dischargeLimit == 4000)
    #expect(scene.setpoint(Self.other, .dischargeLimit) == 5000)
  }

  @Test func theNewestOrderCounts() {
    var scene = Scene()
    scene.orders.batteryPower = [order(scene, 3000, after: 10, issuer: "a"), order(scene, 1000, issuer: "b")]
    scene.run(5)
    #expect(scene.dischargeLimit == 1000)
    scene.run(5)
    #expect(scene.dischargeLimit == 3000)
  }

  @Test func theReserveIsStronger() {
    var scene = Scene()
    scene.values[Scene.hybrid]?[.soc] = 20
    scene.orders.batteryPower = [order(scene, 3000)]
    scene.run(1)
    #expect(scene.dischargeLimit == 0)
  }
}
