import EnergyDispatch
import EnergyModel
import Testing

@testable import SiteSimulation

@Suite struct SiteLoopTests {
  private func run(
    _ site: SiteParameters, soc: Double = 50, step: Double = 10, hours: Double, faults: [Fault] = [],
    control: SiteLoop.Control = .core, _ given: Circumstances = Circumstances(),
    look: (SiteLoop.Step, SiteLoop) -> Void = { _, _ in }
  ) -> Account {
    var description = SiteDescription(parameters: site)
    description.soc = soc
    var loop = SiteLoop(
      description, seed: 7, start: Sites.midsummer, step: step, control: control, faults: faults)
    var account = Account(site)
    for _ in 0..<Int(hours * 3600 / step) {
      let step = loop.advance(given)
      account.add(step, loop)
      look(step, loop)
    }
    return account
  }

  /// Full sun, battery full: without control the cap of 5.88 kW is exceeded all the time, with control never for
  /// longer than it takes to curtail.
  @Test func controlKeepsTheFeedInCapThatNothingElseKeeps() {
    var noon = Circumstances()
    noon.sun = 0.95
    noon.household = 500
    let site = Sites.house { $0.loads = [] }
    let alone = run(site, soc: 100, hours: 1, control: .none, noon)
    let controlled = run(site, soc: 100, hours: 1, noon)
    #expect(alone.overFeedIn > 3000 && alone.writes == 0)
    #expect(controlled.overFeedIn == 0 && controlled.writes > 100)
    #expect(controlled.curtailed > 2000)
  }

  /// The reserve of 20 % is kept for an outage; without control the house empties the battery at night.
  @Test func controlKeepsTheReserve() {
    var night = Circumstances()
    night.sun = 0
    night.household = 3000
    var lowest = 100.0
    _ = run(Sites.house(), hours: 3, night) { _, loop in lowest = min(lowest, loop.plant.hybrids[0].soc) }
    #expect((19...20).contains(lowest))
    _ = run(Sites.house(), hours: 3, control: .none, night) { _, loop in lowest = min(lowest, loop.plant.hybrids[0].soc)
    }
    #expect(lowest < 6)
  }

  /// What a step brings does not depend on its length by more than the lags it cannot show.
  @Test func energiesAgreeForAnyStep() {
    let site = Sites.house()
    var given = Circumstances()
    given.household = 800
    let fine = run(site, step: 1, hours: 6, given)
    let coarse = run(site, step: 60, hours: 6, given)
    #expect(abs(fine.consumption - coarse.consumption) < 0.03 * fine.consumption + 200)
    #expect(abs(fine.discharged - coarse.discharged) < 0.1 * fine.discharged + 200)
  }

  /// 1:00 a silent meter; 1:05 a write that is lost; 1:10 a restart with corrupted memory; 1:12 a year's step of the
  /// clock. The loop goes on and control comes back.
  @Test func faultsReachControlAndGoAgain() {
    var missing = 0
    var away = 0
    var walls: Set<Int64> = []
    let faults = [
      Fault(.input(Sites.meter, .silent), from: 600, until: 900),
      Fault(.output(Sites.boiler, .lost), from: 900, until: 960),
      Fault(.restart(.corrupted), from: 1200, until: 1260),
      Fault(.clock(.seconds(31_536_000)), from: 1300, until: 1310),
    ]
    var last: SiteLoop.Step?
    _ = run(Sites.house(), hours: 0.5, faults: faults) { step, _ in
      if step.outcome?.decision.isSafeState == true, step.evidence.missing.contains(Sites.meter) { missing += 1 }
      if !step.evidence.isAgentUp { away += 1 }
      walls.insert(step.now.wall.milliseconds / 31_000_000_000)
      last = step
    }
    #expect(missing >= 25 && away == 6 && walls.count == 2)
    #expect(last?.outcome?.decision.isSafeState == false)
  }
}
