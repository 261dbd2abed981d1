import EnergyModel
import Testing

@testable import EnergyDispatch

struct ChargerRuleTests {
  /// Three phases, 6...16 A; the car has been charging with 11 kW for an hour.
  static func scene(
    memory: [String] = ["charger car\ton 60 phases 60"], _ change: (inout SiteParameters) -> Void = { _ in }
  ) -> ConsumerScene {
    let parameters = Scene.parameters {
      $0.loads = []
      $0.chargers = [.init(device: ConsumerScene.car)]
      change(&$0)
    }
    var scene = ConsumerScene(parameters, memory: memory)
    scene.values[ConsumerScene.car] = [.power: 11_040, .chargingState: 2, .chargingCurrentLimit: 16]
    return scene
  }

  /// 1 s: 11 kW · 4 s: the same the wrong way round: told once.
  @Test func aWrongSignIsTold() {
    var scene = Self.scene()
    scene.run(3)
    #expect(scene.told("wrong-sign").isEmpty)
    scene.values[ConsumerScene.car]?[.power] = -11_040
    scene.run(5)
    #expect(scene.told("wrong-sign") == [4])
  }

  @Test func aCurrentIsASettingOrNone() {
    let charger = SiteParameters.Charger(device: ConsumerScene.car)
    #expect(charger.current(for: 11_040) == 16)
    #expect(charger.current(for: 20_000) == 16)
    #expect(charger.current(for: 4140) == 6)
    #expect(charger.current(for: 4139) == 0)
    #expect(charger.current(for: 5000) == 7.2)
    #expect(charger.current(for: 0) == 0)
  }

  /// Three phases from 4.14 kW on, one from 1.38 kW; on one of three at most 4.6 kVA.
  @Test func phasesAreSwitchedWhereItMay() {
    let charger = SiteParameters.Charger(device: ConsumerScene.car, current: 6...32, switchesPhases: true)
    func setting(_ power: Double, _ phases: Int, _ canSwitch: Bool) -> [Double] {
      let setting = charger.setting(for: power, phases: phases, canSwitch: canSwitch)
      return [setting.current, Double(setting.phases)]
    }
    #expect(setting(4140, 1, true) == [6, 3])
    #expect(setting(4139, 3, true) == [17.9, 1])
    #expect(setting(1380, 3, true) == [6, 1])
    #expect(setting(1379, 3, true) == [0, 3])
    #expect(setting(3000, 3, false) == [0, 3])
    #expect(setting(9000, 1, false) == [20, 1])
  }

  /// 1 s: 11 kW · 5 s: an overload leaves the car nothing, at once · 15 s: over, but the pause lasts five minutes
  @Test func aPauseBeginsAtOnceAndLasts() {
    var scene = Self.scene()
    scene.limits = [ConsumerScene.TestLimit(5..<15, .charging(ConsumerScene.car), .atMost(2000), .legalLimit)]
    scene.run(4)
    #expect(scene.setpoint(ConsumerScene.car, .chargingCurrent) == 16)
    scene.run(1)
    #expect(scene.setpoint(ConsumerScene.car, .chargingCurrent) == 0)
    #expect(
      scene.sentence.contains(
        "the car is paused because the test asks for it, and the 2 kW that are left are less than the 4.1 kW it needs"))
    scene.run(9)
    scene.run(5)
    #expect(scene.sentence.contains("the car is paused because a pause once begun lasts until 10:05"))
    scene.run(300)
    #expect(scene.changes(ConsumerScene.car, .chargingCurrent) == [5, 306])
    #expect(scene.first(ConsumerScene.car, .chargingCurrent, 16, after: 5) == 306)
    #expect(scene.told("charging-paused") == [5])
    #expect(scene.told("charging-resumed") == [306])
  }

  /// The agent restarts two minutes into the pause.
  @Test func thePauseGoesOnAfterARestart() {
    var scene = Self.scene(memory: ["charger car\toff 2 phases 60"])
    scene.values[ConsumerScene.car] = [.power: 0, .chargingState: 1, .chargingCurrentLimit: 0]
    scene.run(400)
    #expect(scene.first(ConsumerScene.car, .chargingCurrent, 16) == 180)
  }

  @Test func lostMemoryIsAPauseThatHasJustBegun() {
    var scene = Self.scene(memory: [])
    scene.values[ConsumerScene.car] = [.power: 0, .chargingState: 1, .chargingCurrentLimit: 0]
    scene.run(400)
    #expect(scene.first(ConsumerScene.car, .chargingCurrent, 16) == 300)
  }

  @Test func aCarThatHasJustComeWaitsForNothing() {
    var scene = Self.scene(memory: [])
    scene.values[ConsumerScene.car] = [.power: 0, .chargingState: 0, .chargingCurrentLimit: 0]
    scene.run(3)
    scene.values[ConsumerScene.car]?[.chargingState] = 1
    scene.run(1)
    #expect(scene.setpoint(ConsumerScene.car, .chargingCurrent) == 16)
  }

  /// 3 s: silent · 9 s: its values are too old, it is left to its own timer
  @Test func aSilentChargerIsLeftToItsFailsafe() {
    var scene = Self.scene()
    scene.run(3)
    scene.silent = [ConsumerScene.car]
    scene.run(40)
    #expect(scene.isBlind)
    #expect(scene.sentence.contains("the car does not answer; the car goes on with 6 A by itself"))
    #expect(scene.setpoint(ConsumerScene.car, .chargingCurrent) == nil)
  }

  /// 1 s: three phases, 3 kW are left, and the phases changed a minute ago · four minutes later one phase · then 11 kW
  @Test func phasesKeepTheirMinimumTime() {
    var scene = Self.scene(memory: ["charger car\ton 60 phases 1"]) { $0.chargers[0].switchesPhases = true }
    scene.values[ConsumerScene.car]?[.chargingPhases] = 3
    scene.limits = [ConsumerScene.TestLimit(1..<260, .charging(ConsumerScene.car), .atMost(3000), .legalLimit)]
    scene.run(1)
    #expect(scene.setpoint(ConsumerScene.car, .chargingCurrent) == 0)
    #expect(scene.setpoint(ConsumerScene.car, .chargingPhases) == 3)
    scene.run(700)
    // The pause, which began with the limit, is over at 301 s, and the limit before: all phases again.
    #expect(scene.first(ConsumerScene.car, .chargingCurrent, 16) == 302)
  }

  @Test func onePhaseWhereThreeWouldBeTooMuch() {
    var scene = Self.scene { $0.chargers[0].switchesPhases = true }
    scene.values[ConsumerScene.car]?[.chargingPhases] = 3
    scene.limits = [ConsumerScene.TestLimit(5..<20, .charging(ConsumerScene.car), .atMost(3000), .legalLimit)]
    scene.run(6)
    #expect(scene.setpoint(ConsumerScene.car, .chargingCurrent) == 13)
    #expect(scene.setpoint(ConsumerScene.car, .chargingPhases) == 1)
    scene.run(250)
    #expect(scene.setpoint(ConsumerScene.car, .chargingCurrent) == 16)
    #expect(scene.setpoint(ConsumerScene.car, .chargingPhases) == 1)
    scene.run(60)
    #expect(scene.first(ConsumerScene.car, .chargingPhases, 3, after: 6) == 305)
  }
}
