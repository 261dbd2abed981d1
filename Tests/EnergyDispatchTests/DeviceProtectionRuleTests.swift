import EnergyModel
import Testing

@testable import EnergyDispatch

struct DeviceProtectionRuleTests {
  /// 50 %: free · 10 %: no discharging, charging free · 10.9 %: still · 11 %: free
  @Test func belowTheWindowOnlyDischargingIsForbidden() {
    var scene = Scene(Scene.parameters { $0.reserve = .zero })
    scene.run(1)
    #expect(scene.dischargeLimit == 5000)
    scene.values[Scene.hybrid]?[.soc] = 10
    scene.run(1)
    #expect(scene.dischargeLimit == 0)
    #expect(scene.chargeLimit == 5000)
    scene.values[Scene.hybrid]?[.soc] = 10.9
    scene.run(1)
    #expect(scene.dischargeLimit == 0)
    scene.values[Scene.hybrid]?[.soc] = 11
    scene.run(1)
    #expect(scene.dischargeLimit == 5000)
  }

  @Test func aboveTheWindowOnlyChargingIsForbidden() {
    var scene = Scene()
    scene.values[Scene.hybrid]?[.soc] = 95
    scene.run(1)
    #expect(scene.chargeLimit == 0)
    #expect(scene.dischargeLimit == 5000)
    scene.values[Scene.hybrid]?[.soc] = 94
    scene.run(1)
    #expect(scene.chargeLimit == 5000)
  }

  @Test func aWindowUpToTheBrimLeavesTheEndOfChargeToTheBMS() {
    var scene = Scene(Scene.parameters { $0.hybrids[0].battery?.socWindow = 0...100 })
    scene.values[Scene.hybrid]?[.soc] = 100
    scene.run(1)
    #expect(scene.chargeLimit == 5000)
  }

  @Test(arguments: [-0.1, 50.1]) func outsideTheTemperatureWindowBothAreForbidden(celsius: Double) {
    var scene = Scene()
    scene.values[Scene.hybrid]?[.batteryTemperature] = celsius
    scene.run(1)
    #expect(scene.chargeLimit == 0)
    #expect(scene.dischargeLimit == 0)
    scene.values[Scene.hybrid]?[.batteryTemperature] = celsius < 0 ? 1.9 : 48.1
    scene.run(1)
    #expect(scene.dischargeLimit == 0)
    scene.values[Scene.hybrid]?[.batteryTemperature] = celsius < 0 ? 2 : 48
    scene.run(1)
    #expect(scene.dischargeLimit == 5000)
  }

  @Test func theBMSIsNotExceeded() {
    var scene = Scene()
    scene.values[Scene.hybrid]?[.chargePowerMax] = 1200
    scene.values[Scene.hybrid]?[.dischargePowerMax] = 0
    scene.run(1)
    #expect(scene.chargeLimit == 1200)
    #expect(scene.dischargeLimit == 0)
    scene.values[Scene.hybrid]?[.batteryPower] = -1200
    scene.values[Scene.meter]?[.power] = -400
    scene.run(1)
    #expect(scene.sentence.contains("battery may charge at most 1.2 kW because its BMS allows no more than 1.2 kW"))
  }

  /// 1 s: written · 11 s: SoC unknown, nothing more is written · 200 s: SoC back, written at once
  @Test(arguments: [Point.soc, .batteryTemperature, .chargePowerMax, .alarms])
  func whatFellSilentLeavesTheBatteryToTheInverter(point: Point) {
    var scene = Scene()
    scene.run(10)
    let before = scene.values[Scene.hybrid]?[point]
    scene.values[Scene.hybrid]?[point] = .nan
    scene.run(189)
    #expect(scene.writes(Scene.hybrid, .chargeLimit) == [1])
    #expect(scene.chargeLimit == nil)
    #expect(scene.outcome?.decision.isSafeState == true)
    #expect(scene.sentence.contains("the hybrid's battery is left to its inverter because"))
    #expect(scene.told("safe-state") == [11])
    scene.values[Scene.hybrid]?[point] = before
    scene.run(1)
    #expect(scene.writes(Scene.hybrid, .chargeLimit) == [1, 200])
    #expect(scene.told("safe-state") == [11, 200])
  }

  @Test func aPointThatTheDeviceNeverHadIsNotMissed() {
    var scene = Scene()
    scene.values[Scene.hybrid]?[.chargePowerMax] = nil
    scene.values[Scene.hybrid]?[.batteryTemperature] = nil
    scene.values[Scene.hybrid]?[.alarms] = nil
    scene.run(1)
    #expect(scene.chargeLimit == 5000)
    #expect(scene.outcome?.decision.isSafeState == false)
  }

  @Test func alarmsStopRefreshing() {
    var scene = Scene()
    scene.run(1)
    scene.values[Scene.hybrid]?[.alarms] = 4
    scene.run(100)
    #expect(scene.writes(Scene.hybrid, .chargeLimit) == [1])
    #expect(scene.sentence.contains("because it reports alarms"))
  }

  @Test func lostMemoryIsOnTheStrictSide() {
    var scene = Scene(Scene.parameters { $0.reserve = .zero }, savedMemory: nil)
    scene.values[Scene.hybrid]?[.soc] = 10.5
    scene.run(1)
    #expect(scene.dischargeLimit == 0)
  }
}
