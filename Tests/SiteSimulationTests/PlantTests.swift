import EnergyDispatch
import EnergyModel
import SiteSimulator
import Testing

@testable import SiteSimulation

@Suite struct PlantTests {
  private func plant(_ site: SiteParameters, soc: Double = 50, seed: UInt64 = 1) -> Plant {
    var description = SiteDescription(parameters: site)
    description.soc = soc
    return Plant(description, seed: seed, start: Sites.midsummer)
  }

  private static let full = Sites.house { site in
    site.chargers = [.init(device: Sites.car)]
    site.heatPumps = [.init(device: Sites.pump, rated: Watts(4000), priority: 3)]
  }

  /// A quarter of a day at steps of 1, 10 and 60 s: the busbar is balanced at each, and the battery holds what went in and out.
  @Test(arguments: [1.0, 10, 60]) func energyIsBalanced(step: Double) {
    var plant = plant(Self.full)
    var stored = 0.0
    let first = plant.hybrids[0].soc
    for _ in 0..<Int(21_600 / step) {
      plant.step(step, Circumstances())
      let state = plant.state
      #expect(abs(state.grid.total + state.hybrids - state.consumption) < 0.01)
      #expect(abs(state.hybrids - state.production - state.battery + state.losses) < 0.01)
      let inner = state.battery > 0 ? state.battery / 0.975 : state.battery * 0.975
      stored -= (inner + 4) * step / 3600
    }
    #expect(abs((plant.hybrids[0].soc - first) / 100 * 10_000 - stored) < 50)
    #expect(plant.state.consumption > 0)
  }

  /// Grid lost with an empty house: the hybrid carries it, and the connection carries nothing. With more than it can
  /// give the island goes out, and comes back after a minute by itself.
  @Test func anIslandThatIsOverloadedGoesOut() {
    var plant = plant(Sites.house())
    var circumstances = Circumstances()
    circumstances.isGridPresent = false
    circumstances.household = 2000
    circumstances.sun = 0
    plant.step(1, circumstances)
    #expect(plant.state.isIslanded && plant.state.grid == .zero)
    #expect(abs(plant.state.hybrids - plant.state.consumption) < 1)
    circumstances.household = 9000
    plant.step(1, circumstances)
    #expect(plant.state.isBlackout && plant.state.consumption == 0)
    circumstances.household = 500
    for _ in 0..<58 { plant.step(1, circumstances) }
    #expect(plant.state.isBlackout)
    for _ in 0..<3 { plant.step(1, circumstances) }
    #expect(!plant.state.isBlackout && plant.state.consumption > 0)
  }

  @Test func aChargerPausesBelowItsLeastAndFallsBackByItsWatchdog() {
    var plant = plant(Self.full)
    var circumstances = Circumstances()
    circumstances.isEverythingAsking = true
    func tell(_ amperes: Double) {
      let setpoint = Setpoint(
        device: Sites.car, kind: .chargingCurrent, value: amperes, owner: "test",
        expires: MonotonicInstant(nanoseconds: 0))
      let isTaken = plant.take(setpoint)
      #expect(isTaken)
    }
    tell(10)
    plant.step(1, circumstances)
    #expect(plant.chargers[0].power == 6900)
    tell(5.9)
    plant.step(1, circumstances)
    #expect(plant.chargers[0].power == 0)
    for _ in 0..<60 { plant.step(1, circumstances) }
    #expect(plant.chargers[0].power == 6 * 690)
  }

  @Test func whatALoadMissedItPicksUp() {
    var random = Random(seed: 1, stream: 1)
    let site = SiteParameters.SheddableLoad(device: "pool", rated: Watts(1000), priority: 1)
    var load = PlantLoad(site, phase: 0, share: 0, using: &random)
    let off = Setpoint(
      device: "pool", kind: .relayOn, value: 0, owner: "test", expires: MonotonicInstant(nanoseconds: 0))
    let offTaken = load.take(off)
    #expect(offTaken)
    load.step(600, isForced: true, isSupplied: true)
    #expect(load.power == 0 && abs(load.missed - 1000 / 6) < 1)
    var on = off
    on.value = 1
    let onTaken = load.take(on)
    #expect(onTaken)
    load.step(60, isForced: false, isSupplied: true)
    #expect(load.power == 1000)
  }

  @Test func aBlockedHeatPumpTakesNothingAndItsStoreEmpties() {
    var plant = plant(Self.full)
    let block = Setpoint(
      device: Sites.pump, kind: .heatPumpState, value: 1, owner: "test", expires: MonotonicInstant(nanoseconds: 0))
    let blockTaken = plant.take(block)
    #expect(blockTaken)
    let before = plant.heatPumps[0].store
    for _ in 0..<60 { plant.step(60, Circumstances()) }
    #expect(plant.heatPumps[0].power == 0 && plant.heatPumps[0].store < before)
    var push = block
    push.value = 4
    let pushTaken = plant.take(push)
    #expect(pushTaken)
    plant.step(60, Circumstances())
    #expect(plant.heatPumps[0].power == 4000)
  }
}
