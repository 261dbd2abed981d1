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
  private func outcomes(
    _ moved: [Double], expected: Double, isRating: Bool = false, drift: Double = 0
  ) -> [String: Finding.Outcome] {
    let all = findings(moved, expected: expected, isRating: isRating, drift: drift)
    return Dictionary(all.map { ($0.check, $0.outcome) }, uniquingKeysWith: { first, _ in first })
  }

  private func findings(_ moved: [Double], expected: Double, isRating: Bool, drift: Double = 0) -> [Finding] {
    let rest = sample([300, 300, 300])
    let step = Step(
      before: [rest, rest], during: [sample(moved.map { 300 + $0 })],
      after: [sample([300 + drift, 300, 300])])
    return MeterSigns(meter: "meter", step: step, expected: expected, isRating: isRating, cause: "x").findings
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

  /// An inverter measures what it gives, so that half of it at the meter is a fault; a load's rating is a word on its plate.
  @Test func aLoadFarFromItsRatingShowsTheDirection() throws {
    #expect(outcomes([-300, -300, -300], expected: -3000)["sign"] == .failed)
    let half = findings([-300, -300, -300], expected: -3000, isRating: true)
    #expect(half.allSatisfy { $0.outcome == .passed } && half.count == 4)
    let text = try #require(half.first { $0.check == "sign" }).text
    #expect(text.contains("-900 W") && text.contains("3000 W"))
    #expect(Set(outcomes([-2500, -2500, -2500], expected: -3000, isRating: true).values) == [.passed])
    // A stove on two phases.
    #expect(
      outcomes([-1500, -1500, 5], expected: -3000, isRating: true)
        == ["sign": .passed, "transformer L1": .passed, "transformer L2": .passed, "transformer L3": .open])
    #expect(outcomes([-20, 10, 5], expected: -3000, isRating: true).isEmpty, "it did not run")
    #expect(outcomes([-900, -900, -900], expected: -3000, isRating: true, drift: 1200) == ["sign": .open])
  }

  /// Another consumer of a few hundred watts says nothing of a load of 3 kW that did not run.
  @Test func aChanceMoveBesideALargeLoadProvesNothing() {
    #expect(outcomes([-220, 0, 0], expected: -3000, isRating: true).isEmpty)
    #expect(outcomes([220, 0, 0], expected: -3000, isRating: true).isEmpty)
    #expect(outcomes([-220, 0, 0], expected: -600, isRating: true)["sign"] == .passed)
  }

  @Test func aLoadShowsWhatLooksTheWrongWay() {
    #expect(Set(outcomes([400, 400, 400], expected: -3000, isRating: true).values) == [.failed])
    #expect(
      outcomes([-400, 400, -400], expected: -3000, isRating: true)
        == ["sign": .passed, "transformer L1": .passed, "transformer L2": .failed, "transformer L3": .passed])
    #expect(outcomes([0, 900, 0], expected: -3000, isRating: true)["transformer L2"] == .failed)
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
