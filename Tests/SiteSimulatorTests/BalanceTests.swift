import EnergyModel
import SiteSimulator
import Testing

@Suite struct BalanceTests {
  @Test(arguments: [1, 2, 3] as [UInt64])
  func everyStepOfADayBalances(seed: UInt64) {
    var world = SiteWorld(seed: seed, start: seed == 2 ? Worlds.midwinter : Worlds.midsummer)
    var worst = 0.0
    var socs: ClosedRange<Double> = 50...50
    for _ in 0..<86_400 {
      world.step(by: .seconds(1))
      worst = max(worst, world.truth.imbalance)
      let soc = world.truth.batteryCondition.soc
      socs = min(socs.lowerBound, soc)...max(socs.upperBound, soc)
    }
    #expect(worst < 1e-6)
    #expect(socs.lowerBound > 4 && socs.upperBound <= 100)
    let energy = world.truth.energy
    let inverter = energy.inverterProduced - energy.inverterAbsorbed
    #expect(abs(energy.gridImport - energy.gridExport + inverter - energy.load) < 0.01)
    #expect(abs(energy.pv + energy.discharged - energy.charged - energy.losses - inverter) < 0.01)
    // A house of four and 9.8 kW of panels, within generous bounds.
    #expect((5_000...60_000).contains(energy.load))
    #expect(seed == 2 ? energy.pv > 200 : energy.pv > 15_000)
  }

  @Test func countersAreTheIntegralOfTheirPowers() {
    var world = SiteWorld(seed: 5, start: Timestamp(milliseconds: Worlds.midsummer.milliseconds + 36_000_000))
    var (imported, exported, pv, load, charged, discharged) = (0.0, 0.0, 0.0, 0.0, 0.0, 0.0)
    var phases = PhaseValues.zero
    for _ in 0..<20_000 {
      world.step(by: .milliseconds(200))
      let truth = world.truth
      let hours = 0.2 / 3600
      imported += max(0, truth.grid.total) * hours
      exported += max(0, -truth.grid.total) * hours
      for phase in 0..<3 { phases[phase] += max(0, truth.grid[phase]) * hours }
      pv += truth.pv * hours
      load += truth.load.total * hours
      charged += max(0, -truth.battery) * hours
      discharged += max(0, truth.battery) * hours
    }
    let energy = world.truth.energy
    #expect(pv > 1000 && charged > 10)
    for (counted, summed) in [
      (energy.gridImport, imported), (energy.gridExport, exported), (energy.pv, pv), (energy.load, load),
      (energy.charged, charged), (energy.discharged, discharged), (energy.phaseImport.l2, phases.l2),
      (world.truth.strings.first.energy + world.truth.strings.second.energy, pv),
    ] {
      #expect(abs(counted - summed) < 1e-6)
    }
  }

  @Test func longStepsGiveTheEnergiesOfShortOnes() {
    var fine = Worlds.steady(load: 800, pv: 3000, soc: 20)
    var coarse = fine
    for _ in 0..<36_000 { fine.step(by: .milliseconds(200)) }
    for _ in 0..<120 { coarse.step(by: .seconds(60)) }
    #expect(abs(fine.truth.energy.charged - coarse.truth.energy.charged) < 20)
    #expect(abs(fine.truth.batteryCondition.soc - coarse.truth.batteryCondition.soc) < 0.3)
  }

  @Test func theSameSeedGivesTheSameRunAndAnotherDoesNot() {
    func run(_ seed: UInt64) -> [Truth] {
      var world = SiteWorld(seed: seed, start: Worlds.midsummer)
      return (0..<2000).map { _ in
        world.step(by: .seconds(20))
        return world.truth
      }
    }
    let first = run(11)
    #expect(first == run(11))
    #expect(first != run(12))
  }

  @Test func somethingHappensWithinAnyHalfMinuteOfTheDay() {
    var world = SiteWorld(seed: 3, start: Timestamp(milliseconds: Worlds.midsummer.milliseconds + 32_400_000))
    for _ in 0..<120 {
      var loads: [Double] = []
      for _ in 0..<30 {
        world.step(by: .seconds(1))
        loads.append(world.truth.load.total)
      }
      #expect((loads.max() ?? 0) - (loads.min() ?? 0) > 20)
    }
  }
}
