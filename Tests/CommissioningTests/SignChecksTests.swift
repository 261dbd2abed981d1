import EnergyModel
import Testing

@testable import Commissioning

struct SignChecksTests {
  private func meter(_ l1: Double, _ l2: Double, _ l3: Double, total: Double) -> Sample {
    told([.powerL1: l1, .powerL2: l2, .powerL3: l3, .power: total])
  }

  private func outcome(_ samples: [Sample]) -> Finding.Outcome? {
    SignChecks.meter("meter", samples).first { $0.check == "phase sum" }?.outcome
  }

  /// A kettle was switched on between the two requests of one poll.
  @Test func aTornPollIsNoTurnedPhase() {
    let good = meter(500, 500, 500, total: 1500)
    #expect(outcome([good, meter(500, 500, 500, total: 3500), good, good]) == .passed)
  }

  @Test func aTurnedPhaseIsSeen() {
    #expect(outcome(Array(repeating: meter(500, -500, 500, total: 1500), count: 4)) == .failed)
    #expect(outcome([told([.power: 1500])]) == nil)
  }
}

struct MeterSignsTests {
  private func checks(_ during: [Double]) -> [String: Finding.Outcome] {
    func sample(_ phases: [Double]) -> [Sample] {
      [told([.powerL1: phases[0], .powerL2: phases[1], .powerL3: phases[2], .power: phases.reduce(0, +)])]
    }
    let signs = MeterSigns(
      meter: "meter",
      step: Step(before: sample([300, 300, 300]), during: sample(during), after: sample([300, 300, 300])),
      expected: -1800, cause: "hybrid discharged")
    return Dictionary(uniqueKeysWithValues: signs.findings.map { ($0.check, $0.outcome) })
  }

  @Test func allRight() {
    let found = checks([-300, -300, -300])
    #expect(found.count == 4 && found.values.allSatisfy { $0 == .passed })
  }

  @Test func oneTransformerTurnedIsNamed() {
    let found = checks([-300, 900, -300])
    #expect(found["transformer L2"] == .failed && found["transformer L1"] == .passed && found["sign"] == .failed)
  }

  @Test func theWholeMeterTurned() {
    #expect(checks([900, 900, 900]).values.allSatisfy { $0 == .failed })
  }

  @Test func onePhaseThatIsNotConnected() {
    #expect(checks([-300, 300, -300])["transformer L2"] == .failed)
  }
}
