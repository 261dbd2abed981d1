import EnergyDispatch
import EnergyModel
import Testing

@testable import SiteSimulation

@Suite struct RampWatchTests {
  /// Powers that a loop of ours told a battery of 5 kW, ten seconds apart.
  private func verdict(
    _ powers: [Double], owner: String = "self-consumption", regulatesItself: Bool = false, isMeterSilent: Bool = false
  ) -> String? {
    let site = Sites.house { $0.hybrids[0].regulatesItself = regulatesItself }
    var loop = SiteLoop(SiteDescription(parameters: site), seed: 1, start: Sites.midsummer, step: 10)
    var judge = Judge(loop.plant.description.parameters, step: 10)
    var calm = Circumstances()
    calm.household = 500
    calm.sun = 0.2
    for index in 0..<(12 + powers.count) {
      var done = loop.advance(calm)
      var setpoints: [Setpoint] = []
      if index >= 12 {
        for (kind, value) in [(SetpointKind.chargeLimit, -powers[index - 12]), (.dischargeLimit, powers[index - 12])] {
          setpoints.append(
            Setpoint(
              device: Sites.hybrid, kind: kind, value: value, owner: owner, expires: done.now.monotonic + .seconds(10)))
        }
      }
      if index >= 12, isMeterSilent { done.evidence.missing = [Sites.meter] }
      done.outcome?.commands = [SetpointCommand(id: 1, device: Sites.hybrid, setpoints: setpoints)]
      if let found = judge.look(done, loop.plant) { return found.what }
    }
    return nil
  }

  @Test func aPowerMovesByThirtyPercentAtMost() {
    #expect(verdict([0, 1400, 2800, 4200]) == nil)
    #expect(verdict([0, 1400, 4200]) == "ramp")
    #expect(verdict([1400, -1400]) == "ramp")
  }

  @Test func whereTheMeterIsSilentItRestsAtOnce() {
    #expect(verdict([2000, 0]) == "ramp")
    #expect(verdict([2000, 0], isMeterSilent: true) == nil)
    #expect(verdict([2000, -500], isMeterSilent: true) == "ramp")
  }

  @Test func aPowerDoesNotMoveForATrifle() {
    #expect(verdict([1000, 1050]) == "dead band")
    #expect(verdict([1000, 1000, 1150]) == nil)
    #expect(verdict([50, 0]) == nil)
  }

  @Test func whatAPersonOrdersAndWhatAnInverterDoesItselfHasNoRamp() {
    #expect(verdict([0, 4200], owner: "owner's override") == nil)
    #expect(verdict([0, 4200], regulatesItself: true) == nil)
  }
}
