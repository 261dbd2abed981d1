import EnergyModel
import Testing

@testable import EnergyDispatch

struct CarSupplyRuleTests {
  private static let car = ConsumerScene.car

  @Test func theCarChargesWithAllItWants() {
    var scene = ChargerRuleTests.scene()
    scene.run(1)
    #expect(scene.setpoint(Self.car, .chargingCurrent) == 16)
    #expect(scene.resolutions.first { $0.quantity == .charging(Self.car) }?.winner?.rule == "car supply")
    #expect(!scene.sentence.contains("car"))
  }

  @Test func fromSurplusOnlyItWishesNothing() {
    var scene = ChargerRuleTests.scene(memory: ["charger car\toff 60 phases 60"]) { $0.economics = ["surplus-car"] }
    scene.values[Self.car]?[.chargingCurrentLimit] = 0
    scene.values[Self.car]?[.power] = 0
    scene.run(1)
    #expect(scene.setpoint(Self.car, .chargingCurrent) == 0)
  }

  /// It has been charging for a minute: a preference may not pause it before five are over, a contract may.
  @Test func aChargeOnceBegunLasts() {
    func pausedAt(_ precedence: RuleClass) -> Int? {
      var scene = ChargerRuleTests.scene(memory: ["charger car\ton 1 phases 60"])
      scene.limits = [.init(1..<500, .charging(Self.car), .atMost(0), precedence)]
      scene.run(300)
      return scene.first(Self.car, .chargingCurrent, 0)
    }
    #expect(pausedAt(.economics) == 240)
    #expect(pausedAt(.contract) == 1)
    #expect(pausedAt(.siteProtection) == 1)
  }
}
