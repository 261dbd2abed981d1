import EnergyModel
import TestKit
import Testing

@testable import EnergyDispatch

struct ContractShedRuleTests {
  private func scene(_ loads: [DeviceID], isCritical: Bool = false) -> Scene {
    var scene = Scene(
      Scene.parameters {
        $0.loads.append(Scene.load(Scene.pool, 1100, 2))
        $0.loads[0].isCritical = isCritical
      })
    let now = scene.time.now().monotonic
    scene.orders.shed = [
      .init(value: loads, starts: now + .seconds(10), ends: now + .seconds(310), id: "1", issuer: "vpp")
    ]
    return scene
  }

  @Test func theLoadsAreOffWhileTheOrderHolds() {
    var scene = scene([Scene.boiler])
    scene.run(9)
    #expect(scene.setpoint(Scene.boiler, .relayOn) == 1)
    scene.run(1)
    #expect(scene.values[Scene.boiler]?[.relayOn] == 0)
    #expect(scene.values[Scene.pool]?[.relayOn] == 1)
    #expect(scene.sentence.contains("the boiler is off because vpp wants it off until"))
    #expect(scene.told("load-shed").count == 1)
    scene.run(298)
    #expect(scene.values[Scene.boiler]?[.relayOn] == 0)
    scene.run(5)
    #expect(scene.values[Scene.boiler]?[.relayOn] == 1)
  }

  @Test func criticalLoadsAreNever() {
    var scene = scene([Scene.boiler, Scene.pool], isCritical: true)
    scene.run(20)
    #expect(scene.values[Scene.boiler]?[.relayOn] == 1)
    #expect(scene.values[Scene.pool]?[.relayOn] == 0)
  }
}
