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
