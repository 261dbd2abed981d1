import EnergyModel
import Testing

@testable import Commissioning

struct MeterSignsTests {
  private func sample(_ phases: [Double], total: Double? = nil) -> Sample {
    let readings = zip([Point.powerL1, .powerL2, .powerL3], phases).map { Reading($0, $1) }
    let now = Moment(wall: Timestamp(milliseconds: 0), monotonic: MonotonicInstant(nanoseconds: 0))
    return Sample(
      device: "meter", measured: now, readings: readings + [Reading(.power, total ?? phases.reduce(0, +))])
  }

  /// A house of 300 W a phase; the meter's phases change by `moved`, the expected total is `expected`.
  private func outcomes(_ moved: [Double], expected: Double, drift: Double = 0) -> [String: Finding.Outcome] {
    let rest = sample([300, 300, 300])
    let step = Step(
      before: [rest, rest], during: [sample(moved.map { 300 + $0 })],
      after: [sample([300 + drift, 300, 300])])
    let findings = MeterSigns(meter: "meter", step: step, expected: expected, cause: "x").findings
    return Dictionary(findings.map { ($0.check, $0.outcome) }, uniquingKeysWith: { first, _ in first })
  }

  @Test func threePhasesEachByItsThird() {
    #expect(
      outcomes([-500, -510, -490], expected: -1500)
        == ["sign": .passed, "transformer L1": .passed, "transformer L2": .passed, "transformer L3": .passed])
  }

  /// As a real meter shows it: the total lacks twice the phase.
  @Test func aTransformerTurnedRound() {
    #expect(
      outcomes([-500, 500, -500], expected: -1500)
        == ["sign": .failed, "transformer L1": .passed, "transformer L2": .failed, "transformer L3": .passed])
    #expect(outcomes([1500, 0, 0], expected: -1500)["transformer L1"] == .failed)
  }

  @Test func aWholeMeterTurnedRound() {
    #expect(Set(outcomes([500, 500, 500], expected: -1500).values) == [.failed])
  }

  /// P = U · I · cos 120°.
  @Test func aTransformerOnAnotherPhaseThanItsVoltage() {
    let found = outcomes([-500, 250, 250], expected: -1500)
    #expect(found["transformer L1"] == .passed)
    #expect(found["transformer L2"] == .failed)
    #expect(found["transformer L3"] == .failed)
  }

  @Test func anUnconnectedTransformer() {
    #expect(outcomes([-500, 0, -500], expected: -1500)["transformer L2"] == .failed)
  }

  @Test func aSinglePhaseSourceLeavesTheOthersOpen() {
    #expect(
      outcomes([0, -1480, 10], expected: -1500)
        == ["sign": .passed, "transformer L1": .open, "transformer L2": .passed, "transformer L3": .open])
  }

  @Test func aHouseThatChangesMeanwhileProvesNothing() {
    #expect(outcomes([-500, -500, -500], expected: -1500, drift: 800) == ["sign": .open])
  }

  @Test func aKettleOnOnePhase() {
    func outcome(_ moved: Double) -> Finding.Outcome {
      let rest = sample([300, 300, 300])
      let step = Step(before: [rest], during: [sample([300, 300 + moved, 300])], after: [rest])
      return Effects.kettle("meter", phase: .powerL2, step).outcome
    }
    #expect(outcome(2000) == .passed)
    #expect(outcome(-2000) == .failed)
    #expect(outcome(20) == .open)
  }
}
