import EnergyModel
import TestKit
import Testing

@testable import EnergyDispatch

struct PowerTracksTests {
  private static let garage: DeviceID = "garage"

  /// A car and a measured heat pump; a meter of the garage, with the car's meter below it.
  private static let site = Scene.parameters {
    $0.chargers = [.init(device: ConsumerScene.car)]
    $0.heatPumps = [.init(device: ConsumerScene.pump, rated: Watts(3000), priority: 1)]
    $0.subMeters = [
      .init(device: garage, parent: Scene.meter, measures: nil),
      .init(device: "car-meter", parent: garage, measures: ConsumerScene.car),
      .init(device: "pump-meter", parent: Scene.meter, measures: ConsumerScene.pump),
    ]
  }

  private func scene(_ change: (inout ConsumerScene) -> Void = { _ in }) -> ConsumerScene {
    var scene = ConsumerScene(Self.site, memory: ["heat pump pump\t2 60 blocked 0 starts free"])
    scene.values[Scene.meter]?[.power] = 6000
    scene.values[Scene.hybrid]?[.power] = 1000
    scene.values[ConsumerScene.car] = [.chargingState: 2, .chargingCurrentLimit: 16]
    scene.values[ConsumerScene.pump] = [.heatPumpState: 2]
    scene.values["car-meter"] = [.power: 4000]
    scene.values["pump-meter"] = [.power: 1500]
    scene.values[Self.garage] = [.power: 4200]
    change(&scene)
    return scene
  }

  @Test func whatIsMeasuredIsNotUncontrolled() {
    var scene = scene()
    scene.run(1)
    #expect(scene.view.load == 7000)
    #expect(scene.view.balance?.uncontrolled == 1500)
    #expect(scene.view.charger(ConsumerScene.car)?.power == 4000)
  }

  @Test func oneThatNobodyMeasuresIsAPartOfIt() {
    var scene = scene { $0.values["pump-meter"] = nil }
    scene.run(1)
    #expect(scene.view.balance?.uncontrolled == 3000)
  }

  @Test func oneThatFellSilentMakesItUnknown() {
    var scene = scene()
    scene.run(1)
    scene.silent = ["car-meter"]
    scene.run(6)
    #expect(scene.view.load == 7000)
    #expect(scene.view.balance?.uncontrolled == nil)
  }

  /// The garage measures less than the car in it, the house less than its parts: one of them is wrong.
  @Test func aParentCoversItsChildren() {
    var garage = scene { $0.values[Self.garage] = [.power: 3000] }
    garage.run(1)
    #expect(garage.view.balance?.uncontrolled == nil)
    var house = scene { $0.values[Scene.meter]?[.power] = 4000 }
    house.run(1)
    #expect(house.view.load == 5000)
    #expect(house.view.balance?.uncontrolled == nil)
    // Within the meters' error.
    var near = scene { $0.values[Scene.meter]?[.power] = 4450 }
    near.run(1)
    #expect(near.view.balance?.uncontrolled == 0)
  }

  @Test func aMeterElsewhereIsNoPartOfTheHouse() {
    var site = Self.site
    site.subMeters[1].parent = "neighbour"
    #expect(!site.isBehindConnection("car-meter"))
    #expect(site.isBehindConnection("pump-meter"))
    #expect(site.isBehindConnection(ConsumerScene.car))
    site.subMeters[1].parent = "car-meter"
    #expect(!site.isBehindConnection("car-meter"), "a meter below itself")
  }

  /// The meter is three seconds late. 10 s: the inverter gives 3 kW more. The load is that of three seconds ago, and never
  /// that of two different moments.
  @Test func powersAreBroughtToOneMoment() {
    var scene = scene()
    scene.late = [Scene.meter: 3]
    scene.run(9)
    scene.values[Scene.meter]?[.power] = 3000
    scene.values[Scene.hybrid]?[.power] = 4000
    for _ in 0..<10 {
      scene.step()
      #expect(scene.view.load == 7000)
    }
    #expect(scene.view.balance?.grid == 3000)
  }

  /// Without the seconds before nothing belongs together.
  @Test func oneSnapshotAloneDoesNotReachBack() {
    let now = ManualTime().now()
    let late = Moment(wall: now.wall - .seconds(3), monotonic: now.monotonic - .seconds(3))
    let snapshot = SiteSnapshot(
      now: now,
      observations: [
        Scene.meter: [.power: Observation(value: 1000, quality: .good, measured: late)],
        Scene.hybrid: [.power: Observation(value: 3000, quality: .good, measured: now)],
      ])
    #expect(SiteView(snapshot, Scene.parameters()).load == nil)
  }
}
