import EnergyModel
import TestKit
import Testing

@testable import EnergyDispatch

struct FrozenWatchTests {
  private static let voltages: [Point] = [.voltageL1, .voltageL2, .voltageL3]
  private static let currents: [Point] = [.currentL1, .currentL2, .currentL3]

  /// A house that imports about 12 kW, as its meter tells it: everything moves a little.
  private func scene(
    _ tell: @escaping (inout [Point: Double], Int) -> Void = { _, _ in }
  ) -> ConsumerScene {
    var scene = ConsumerScene(Scene.parameters { $0.loads = [] })
    var random = SplitMix64(seed: 4)
    func noise() -> Double { Double(random.next() >> 11) * 0x1p-53 - 0.5 }
    scene.nature = { scene in
      let volts = 230 + 2 * noise()
      let watts = 12_000 + 100 * noise()
      var told: [Point: Double] = [.power: watts, .frequency: 50 + 0.02 * noise()]
      for point in Self.voltages { told[point] = volts }
      for point in Self.currents { told[point] = watts / 3 / volts }
      tell(&told, scene.second)
      scene.values[Scene.meter] = told
    }
    return scene
  }

  /// 10:05 the meter's power stands still while its voltage moves: four seconds later it is unknown, and told once.
  @Test func aPowerThatStandsStillWhileItsVoltageMovesIsUnknown() {
    var scene = scene { told, second in
      guard second >= 300 else { return }
      told[.power] = 12_000
      for point in Self.currents { told[point] = 17.4 }
    }
    scene.run(303)
    #expect(scene.view.grid?.power == 12_000)
    #expect(scene.told("values-frozen") == [])
    scene.run(1)
    #expect(scene.view.grid?.power == nil)
    #expect(scene.view.grid?.currents == [nil, nil, nil])
    #expect(scene.isBlind, "the fuse assumes the worst")
    scene.run(600)
    #expect(scene.view.grid?.power == nil)
    #expect(scene.told("values-frozen") == [304])
    #expect(
      scene.events.last?.event.text == "meter repeats power and currents instead of measuring: unknown from now on")
  }

  @Test func itIsKnownAgainAsSoonAsItMoves() {
    var scene = scene { told, second in
      guard (300..<400).contains(second) else { return }
      told[.power] = 12_000
      for point in Self.currents { told[point] = 20 + Double(second % 7) / 10 }
    }
    scene.run(399)
    #expect(scene.view.grid?.power == nil)
    scene.run(1)
    #expect(scene.view.grid?.power != nil)
  }

  /// The currents rise by 3 A, the power does not; and the other way round.
  @Test func powerAndCurrentHaveToGoTogether() {
    var power = scene { told, second in
      guard second >= 300 else { return }
      told[.power] = 12_000
      for point in Self.currents { told[point] = 20 + Double(second % 7) / 10 }
    }
    power.run(310)
    #expect(power.view.grid?.power == nil)
    #expect(power.view.grid?.currents.contains(nil) == false)
    var current = scene { told, second in
      guard second >= 300 else { return }
      told[.power] = (second < 302 ? 12_000 : 15_000) + Double(second % 7)
      for point in Self.currents { told[point] = 17.4 }
    }
    current.run(310)
    #expect(current.view.grid?.power != nil)
    #expect(current.view.grid?.currents == [nil, nil, nil])
  }

  /// An import that is held at a value draws less current when the voltage rises: that is measured, not frozen.
  @Test func aPowerThatIsHeldIsNotFrozen() {
    var scene = scene { told, second in
      told[.power] = 12_000
      for point in Self.currents { told[point] = 4000 / (told[.voltageL1] ?? 230) }
    }
    scene.run(600)
    #expect(scene.told("values-frozen") == [])
  }

  /// Strings at night, a full battery, a grid at zero for twelve hours.
  @Test func zeroIsNotFrozen() {
    var watch = FrozenWatch(Scene.parameters())
    var snapshot = SiteSnapshot(now: ManualTime().now())
    var alarms = 0
    for second in 0..<43_200 {
      snapshot.now.monotonic = snapshot.now.monotonic + .seconds(1)
      let volts = 230 + Double(second * 7919 % 13) / 10
      func told(_ values: [Point: Double]) -> PointMap<Observation> {
        PointMap(values.mapValues { Observation(value: $0, quality: .good, measured: snapshot.now) })
      }
      snapshot.observations[Scene.hybrid] = told([
        .power: 0, .pvPower: 0, .batteryPower: 0, .soc: 100, .voltageL1: volts,
      ])
      snapshot.observations[Scene.meter] = told([.power: 0, .currentL1: 0, .voltageL1: volts, .energyImport: 1000])
      alarms += watch.mark(&snapshot).count
    }
    #expect(alarms == 0)
    #expect(snapshot.observations[Scene.hybrid]?[.pvPower]?.quality == .good)
  }

  /// 100 s: everything of the inverter stands still, its voltage too · ten seconds later all of it is unknown.
  @Test func aDeviceThatStandsStillAsAWholeIsUnknown() {
    var scene = scene()
    let moving = scene.nature
    scene.nature = { scene in
      moving(&scene)
      let volts = scene.values[Scene.meter]?[.voltageL1]
      if scene.second < 100 { scene.values[Scene.hybrid]?[.voltageL1] = volts }
    }
    scene.run(109)
    #expect(scene.view.hybrids[0].soc.value == 95)
    scene.run(1)
    #expect(scene.view.hybrids[0].soc == .unknown)
    #expect(!scene.view.hybrids[0].isHeard)
    #expect(scene.told("values-frozen") == [110])
    #expect(scene.events.last?.event.text == "hybrid repeats all it tells instead of measuring: unknown from now on")
  }

  /// A voltage that never moved tells nothing about the rest.
  @Test func aVoltageThatNeverMovedProvesNothing() {
    var scene = scene()
    scene.values[Scene.hybrid]?[.voltageL1] = 230
    scene.run(600)
    #expect(scene.told("values-frozen") == [])
  }

  /// As in seed 5218: what is no number for a while does not show that a voltage moves, and so does not make a device that is held
  /// at a limit a frozen one.
  @Test func whatIsNoNumberIsNoMovement() {
    var scene = scene()
    let moving = scene.nature
    scene.nature = { scene in
      moving(&scene)
      scene.values[Scene.hybrid]?[.voltageL1] = (100..<200).contains(scene.second) ? .nan : 230
    }
    scene.run(600)
    #expect(scene.told("values-frozen") == [])
  }
}
