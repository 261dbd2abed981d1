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
    scene.values[Scene.hybrid]?[.soc] = 94.1
    scene.run(1)
    #expect(scene.chargeLimit == 0)
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
    #expect(scene.chargeLimit == 2000)
    #expect(scene.dischargeLimit == (celsius < 0 ? 5000 : 2000))
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

  @Test(arguments: [1.0, 4]) func alarmsStopRefreshing(bits: Double) {
    var scene = Scene()
    scene.run(1)
    scene.values[Scene.hybrid]?[.alarms] = bits
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

  /// Full power from 5 to 45 °C, nothing at 0 and 50 °C, linear in between in steps of 5 %; cold does not hinder discharging.
  @Test(arguments: [
    (5.0, 5000.0, 5000.0), (4.9, 4750, 5000), (2.5, 2500, 5000), (0.1, 0, 5000), (45, 5000, 5000), (47.5, 2500, 2500),
    (49.9, 0, 0),
  ])
  func powerTapersTowardsTheEndsOfTheTemperatureWindow(celsius: Double, charge: Double, discharge: Double) throws {
    var scene = Scene()
    scene.values[Scene.hybrid]?[.batteryTemperature] = celsius
    scene.run(1)
    #expect(abs(try #require(scene.chargeLimit) - charge) < 1e-6)
    #expect(abs(try #require(scene.dischargeLimit) - discharge) < 1e-6)
  }

  @Test func theSentenceTellsOfTheTemperature() {
    var scene = Scene()
    scene.values[Scene.hybrid]?.merge([.batteryTemperature: 47.5, .batteryPower: 2500]) { $1 }
    scene.values[Scene.meter]?[.power] = 900
    scene.run(1)
    #expect(
      scene.sentence.contains(
        "battery may discharge at most 2.5 kW because its temperature of 47.5 °C leaves only a part of its power"))
  }

  /// 3.60 V: no charging · 3.56 V: still · 3.55 V: free; 2.90 V: no discharging · 2.99 V: still · 3.00 V: free
  @Test func cellsEndChargingAndDischarging() {
    var scene = Scene(Scene.parameters { $0.hybrids[0].battery?.cellWindow = 2.9...3.6 })
    func limits(max high: Double, min low: Double) -> [Double?] {
      scene.values[Scene.hybrid]?.merge([.cellVoltageMax: high, .cellVoltageMin: low]) { $1 }
      scene.run(1)
      return [scene.chargeLimit, scene.dischargeLimit]
    }
    #expect(limits(max: 3.59, min: 3.4) == [5000, 5000])
    #expect(limits(max: 3.6, min: 3.4) == [0, 5000])
    #expect(limits(max: 3.56, min: 3.4) == [0, 5000])
    #expect(limits(max: 3.55, min: 2.9) == [5000, 0])
    #expect(limits(max: 3.4, min: 2.99) == [5000, 0])
    #expect(limits(max: 3.4, min: 3.0) == [5000, 5000])
  }

  @Test func cellsThatFellSilentLeaveTheBatteryToTheInverter() {
    var scene = Scene(Scene.parameters { $0.hybrids[0].battery?.cellWindow = 2.9...3.6 })
    scene.values[Scene.hybrid]?.merge([.cellVoltageMax: .nan, .cellVoltageMin: 3.2]) { $1 }
    scene.run(1)
    #expect(scene.chargeLimit == nil)
    #expect(scene.sentence.contains("because its cell voltages are unknown"))
  }

  @Test func everyHysteresisIsRemembered() throws {
    let now = MonotonicInstant(nanoseconds: 0)
    let worst = ProtectionMemory.lost(at: now)
    #expect(worst.saved(at: now) == "low high temperature cell-low cell-high")
    #expect(ProtectionMemory(saved: "low high temperature cell-low cell-high", at: now) == worst)
    #expect(ProtectionMemory(saved: "inside", at: now) == ProtectionMemory())
    #expect(ProtectionMemory(saved: "inside rubbish", at: now) == nil)
    #expect(ProtectionMemory(saved: "", at: now) == nil)
  }
}
