import EnergyDispatch
import EnergyModel
import Testing

@testable import SiteSimulation

@Suite struct IslandWatchTests {
  /// What is told to the hybrid at 200 s; the grid is lost from 60 s on.
  private func verdict(_ kind: SetpointKind, _ value: Double, isLost: Bool = true) -> String? {
    let site = Sites.house()
    let faults = isLost ? [Fault(.gridLost, from: 60, until: 900)] : []
    var loop = SiteLoop(
      SiteDescription(parameters: site), seed: 1, start: Sites.midsummer, step: 10, faults: faults)
    var judge = Judge(loop.plant.description.parameters, step: 10)
    var calm = Circumstances()
    calm.household = 500
    calm.sun = 0.1
    for index in 0..<30 {
      var done = loop.advance(calm)
      if index == 20 {
        let setpoint = Setpoint(
          device: Sites.hybrid, kind: kind, value: value, owner: "test", expires: done.now.monotonic + .seconds(10))
        done.outcome?.commands = [SetpointCommand(id: 1, device: Sites.hybrid, setpoints: [setpoint])]
      }
      if let found = judge.look(done, loop.plant) { return found.what }
    }
    return nil
  }

  @Test func whoCarriesAnIslandIsNotBound() {
    #expect(verdict(.dischargeLimit, 0) == "island")
    #expect(verdict(.chargeLimit, 0) == "island")
    #expect(verdict(.productionLimit, 2000) == "island")
  }

  @Test func whatForbidsNothingIsNoOrder() {
    #expect(verdict(.dischargeLimit, 5000) == nil)
    #expect(verdict(.productionLimit, 10_000) == nil)
    #expect(verdict(.dischargeLimit, 0, isLost: false) == nil)
  }
}
