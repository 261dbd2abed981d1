import EnergyModel
import Testing

@testable import EnergyDispatch

struct CrashGuardRuleTests {
  private static let site = Scene.parameters {
    $0.hybrids[0].battery?.gridCharging = .never
    $0.chargers = [.init(device: "car", current: 6...16, failsafeCurrent: 8)]
    $0.heatPumps = [.init(device: "pump", rated: Watts(3000), priority: 1)]
  }

  private var scene: Scene {
    var scene = Scene(Self.site)
    scene.isGuarded = true
    scene.values["car"] = [.power: 0, .chargingState: 1]
    scene.values["pump"] = [.heatPumpState: 4]
    scene.values[Scene.hybrid]?[.pvPower] = 1200
    return scene
  }

  @Test func whatDoesNotProtectIsSilent() {
    var scene = scene
    scene.values[Scene.hybrid]?[.soc] = 15
    scene.run(3)
    #expect(scene.dischargeLimit == 5000, "the backup reserve of 20 % is silent")
    #expect(scene.outcome?.decision.wish == nil)
    scene.values[Scene.hybrid]?[.soc] = 10
    scene.run(1)
    #expect(scene.dischargeLimit == 0, "device protection is not")
  }

  @Test func failsafeValuesHold() {
    var scene = scene
    scene.run(3)
    #expect(scene.setpoint("car", .chargingCurrent) == 8)
    #expect(scene.setpoint("pump", .heatPumpState) == 2)
    #expect(scene.chargeLimit == 1200)
    #expect(scene.told("crash-guard") == [1])
  }

  /// Loads stay as they are, but a fuse still sheds.
  @Test func theFuseStillSheds() {
    var scene = scene
    scene.run(3)
    #expect(scene.writes(Scene.boiler, .relayOn) == [])
    scene.values[Scene.hybrid]?[.soc] = 10
    scene.importCurrent(45)
    scene.run(1)
    #expect(scene.setpoint(Scene.boiler, .relayOn) == 0)
    #expect(scene.writes(Scene.boiler, .relayOn) == [4])
  }

  /// The rule for islands is silent too: all the same its battery is the inverter's own.
  @Test func anIslandsBatteryIsHandedBack() {
    var scene = scene
    scene.values[Scene.hybrid]?[.soc] = 10
    scene.values[Scene.hybrid]?[.islanded] = 0
    scene.run(3)
    #expect(scene.dischargeLimit == 0)
    scene.values[Scene.hybrid]?[.islanded] = 1
    scene.run(1)
    #expect(scene.writes(Scene.hybrid, .dischargeLimit).last == 4)
    let opened = scene.commands.last { $0.command.device == Scene.hybrid }?.command.setpoints.map(\.value)
    #expect(opened == [5000, 5000])
    scene.run(100)
    #expect(scene.writes(Scene.hybrid, .dischargeLimit).last == 4)
    #expect(scene.setpoint("car", .chargingCurrent) == 0)
  }

  /// 5 s: the guard comes down, and everything is as on any day.
  @Test func afterwardsEverybodySpeaksAgain() {
    var scene = scene
    scene.run(5)
    scene.isGuarded = false
    scene.run(1)
    #expect(scene.outcome?.decision.rule == "self-consumption")
    #expect(scene.setpoint("car", .chargingCurrent) == 16)
    #expect(!scene.outcome!.decision.bounds.contains { $0.rule == "crash guard" })
  }
}
