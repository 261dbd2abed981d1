import EnergyModel
import Testing

@testable import EnergyDispatch

struct ForeignWritesTests {
  /// A hybrid that shows its settings, in percent of its own ratings.
  private static func scene(soc: Double = 60) -> Scene {
    var scene = Scene()
    scene.values[Scene.hybrid]?.merge([
      .soc: soc, .batteryPower: 0, .power: 0, .chargeLimit: 50, .dischargeLimit: 50, .storageControl: 3,
    ]) { $1 }
    return scene
  }

  private static func interfere(_ scene: inout Scene, _ value: Double) {
    scene.values[Scene.hybrid]?[.chargeLimit] = value
    scene.run(1)
    // Our write is taken.
    scene.values[Scene.hybrid]?[.chargeLimit] = 50
    scene.run(4)
  }

  @Test func ourOwnWritesAreNotForeign() {
    var scene = Self.scene()
    scene.run(20)
    // We write another limit, and it reads back.
    scene.values[Scene.hybrid]?[.soc] = 15
    scene.run(1)
    scene.values[Scene.hybrid]?[.dischargeLimit] = 0
    scene.run(200)
    #expect(scene.told("second-controller") == [])
    #expect(scene.writes(Scene.hybrid, .chargeLimit) == [1, 21, 51, 81, 111, 141, 171, 201])
  }

  @Test func aForeignValueIsOverwrittenAtOnce() {
    var scene = Self.scene()
    scene.run(10)
    Self.interfere(&scene, 20)
    #expect(scene.writes(Scene.hybrid, .chargeLimit) == [1, 11])
    #expect(scene.told("second-controller") == [])
  }

  /// Three times within ten minutes: told once. What only economizes is not written for an hour.
  @Test func afterThreeTheFightIsGivenUp() {
    var scene = Self.scene()
    scene.run(10)
    for value in [20.0, 30, 20] { Self.interfere(&scene, value) }
    #expect(scene.told("second-controller") == [21])
    let writes = scene.writes(Scene.hybrid, .chargeLimit).count
    scene.run(600)
    #expect(scene.writes(Scene.hybrid, .chargeLimit).count == writes)
    // What protects is written on: the window's lower end is reached.
    scene.values[Scene.hybrid]?[.soc] = 10
    scene.run(100)
    #expect(scene.writes(Scene.hybrid, .chargeLimit).count == writes + 4)
    #expect(scene.told("second-controller") == [21])
    // After the truce everything is tried again.
    scene.values[Scene.hybrid]?[.soc] = 60
    scene.run(3600)
    #expect(scene.writes(Scene.hybrid, .chargeLimit).last ?? 0 > 3621)
  }

  @Test func threeWithinADayAreNoFight() {
    var scene = Self.scene()
    scene.run(10)
    for value in [20.0, 30, 20] {
      Self.interfere(&scene, value)
      scene.run(400)
    }
    #expect(scene.told("second-controller") == [])
  }

  /// A charger is told 16 A, and somebody's app tells it 10 A, again and again.
  @Test func aChargersAppIsASecondController() {
    var scene = Scene(Scene.parameters { $0.chargers = [.init(device: "car")] })
    scene.values["car"] = [.power: 0, .chargingState: 1, .chargingCurrentLimit: 16]
    scene.run(10)
    for _ in 0..<3 {
      scene.values["car"]?[.chargingCurrentLimit] = 10
      scene.run(1)
      scene.values["car"]?[.chargingCurrentLimit] = 16
      scene.run(4)
    }
    #expect(scene.told("second-controller").count == 1)
  }
}
