import EnergyModel
import Testing

@testable import EnergyDispatch

struct FeedInRuleTests {
  private static let capped = Scene.parameters {
    $0.feedIn = .init(limit: Watts(5880), storedIn: Scene.hybrid)
  }

  private func scene(ac: Double, grid: Double, _ parameters: SiteParameters = FeedInRuleTests.capped) -> Scene {
    var scene = Scene(parameters)
    scene.values[Scene.hybrid]?[.power] = ac
    scene.values[Scene.meter]?[.power] = grid
    return scene
  }

  /// 6.3 kW from the inverter, 5.8 exported: at most load 0.5 + cap 5.88 − 0.1
  @Test func productionIsBoundNearTheCap() {
    var scene = scene(ac: 6300, grid: -5800)
    scene.run(1)
    #expect(scene.productionLimit == 6280)
    #expect(scene.writes(Scene.hybrid, .productionLimit) == [1])
    #expect(
      scene.sentence.contains("the hybrid produces at most 6.3 kW because no more than 5.9 kW may be fed into the grid")
    )
  }

  /// 1 s: bound · 11 s: a cloud, far below · 71 s: released once · then left alone
  @Test func theBoundIsReleasedOnceAfterAMinute() {
    var scene = scene(ac: 6300, grid: -5800)
    scene.run(10)
    scene.values[Scene.hybrid]?[.power] = 1000
    scene.values[Scene.meter]?[.power] = -500
    scene.run(200)
    let writes = scene.commands.filter { $0.command.setpoints[0].kind == .productionLimit }
    #expect(writes.map(\.second) == [1, 31, 61, 71])
    #expect(writes.last?.command.setpoints[0].value == 10_000)
  }

  @Test func farFromTheCapNothingIsWritten() {
    var scene = scene(ac: 1000, grid: -500)
    scene.run(60)
    #expect(scene.writes(Scene.hybrid, .productionLimit) == [])
    #expect(scene.productionLimit == nil)
  }

  @Test func withoutTheMeterTheHouseConsumesNothing() {
    var scene = scene(ac: 6300, grid: -5800)
    scene.silent = [Scene.meter]
    scene.run(1)
    #expect(scene.productionLimit == 5880)
  }

  @Test func onlyTheInverterThatKeepsTheCapIsTightened() {
    var parameters = Self.capped
    parameters.feedIn?.storedIn = "other"
    var scene = scene(ac: 6300, grid: -5800, parameters)
    scene.run(1)
    #expect(scene.writes(Scene.hybrid, .productionLimit) == [])
  }

  @Test func aCapThatNobodyKeepsIsToldOnce() {
    var parameters = Self.capped
    parameters.feedIn?.storedIn = nil
    var scene = scene(ac: 6300, grid: -5800, parameters)
    scene.run(100)
    #expect(scene.told("feed-in-not-stored") == [1])
    #expect(scene.productionLimit == 6280)
  }
}
