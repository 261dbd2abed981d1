import EnergyDispatch
import EnergyModel
import Testing

@testable import SiteSimulation

@Suite struct WriteWatchTests {
  /// Charge limits of a battery of 5 kW with a timer of 60 s, told one after the other, `apart` seconds apart.
  private func verdict(_ values: [Double], apart: Int = 1) -> String? {
    var loop = SiteLoop(SiteDescription(parameters: Sites.house()), seed: 1, start: Sites.midsummer, step: 1)
    var judge = Judge(loop.plant.description.parameters, step: 1)
    var calm = Circumstances()
    calm.household = 500
    calm.sun = 0.2
    for index in 0..<(40 + apart * values.count) {
      var done = loop.advance(calm)
      done.outcome?.commands = []
      if index >= 40, (index - 40).isMultiple(of: apart) {
        let setpoint = Setpoint(
          device: Sites.hybrid, kind: .chargeLimit, value: values[(index - 40) / apart], owner: "test",
          expires: done.now.monotonic + .seconds(10))
        done.outcome?.commands = [SetpointCommand(id: 1, device: Sites.hybrid, setpoints: [setpoint])]
      }
      if let found = judge.look(done, loop.plant) { return found.what }
    }
    return nil
  }

  @Test func aWriteForATrifle() {
    #expect(verdict([4000, 4010]) == "dead band")
    #expect(verdict([4000, 3900]) == nil)
  }

  @Test func aRefreshAnEndAndARepetitionAreNone() {
    #expect(verdict([4000, 4010], apart: 30) == nil)
    #expect(verdict([20, 0]) == nil)
    #expect(verdict([4980, 5000]) == nil)
    #expect(verdict([4000, 4000]) == nil)
  }
}
