import EnergyModel
import Testing

@testable import EnergyDispatch

/// A battery that takes a power and no limits.
struct PowerOnlyBatteryTests {
  private static func scene(_ change: (inout SiteParameters) -> Void = { _ in }) -> Scene {
    Scene(
      Scene.parameters {
        $0.hybrids[0].takesPowerOnly = true
        $0.hybrids[0].regulatesItself = false
        $0.hybrids[0].batteryTerms = .init(expiry: .safe)
        change(&$0)
      })
  }

  private func last(_ scene: Scene) -> [Double]? {
    scene.commands.last { $0.command.setpoints.first?.kind == .chargeLimit }?.command.setpoints.map(\.value)
  }

  /// Every command says a power: the limits are opposite, whatever is wished and whatever binds.
  @Test func alwaysAPower() {
    var scene = Self.scene()
    for (second, grid, soc) in [(0, 1500.0, 50.0), (60, -2500, 50), (120, 3000, 5), (180, -4000, 99), (240, 0, 50)] {
      scene.values[Scene.meter]?[.power] = grid
      scene.values[Scene.hybrid]?[.soc] = soc
      scene.run(second + 60 - scene.second)
    }
    let commands = scene.commands.map(\.command).filter { $0.setpoints.first?.kind == .chargeLimit }
    #expect(commands.count > 10)
    for command in commands { #expect(command.setpoints[0].value == -command.setpoints[1].value) }
  }

  /// Nobody wishes anything: it rests within the limits, also where one of them is zero.
  @Test(arguments: [50.0, 5, 99]) func restsWithoutAWish(soc: Double) {
    var scene = Self.scene { $0.economics = [] }
    scene.values[Scene.hybrid]?[.soc] = soc
    scene.run(5)
    #expect(last(scene) == [0, 0])
  }

  /// On an island it is handed back, never held at 0 W.
  @Test func handedBackOnAnIsland() {
    var scene = Self.scene { $0.economics = [] }
    scene.values[Scene.hybrid]?[.islanded] = 0
    scene.run(5)
    #expect(last(scene) == [0, 0])
    scene.values[Scene.hybrid]?[.islanded] = 1
    scene.run(2)
    #expect(last(scene) == [5000, 5000])
    scene.run(120)
    #expect(last(scene) == [5000, 5000])
  }
}
