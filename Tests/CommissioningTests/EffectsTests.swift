import EnergyModel
import Testing

@testable import Commissioning

struct EffectsTests {
  private func step(_ before: Double, _ during: Double, _ after: Double) -> Step {
    func samples(_ value: Double) -> [Sample] { [told([.batteryPower: value, .power: value + 500])] }
    return Step(before: samples(before), during: samples(during), after: samples(after))
  }

  private func battery(_ step: Step) -> [Finding] {
    Effects.battery("hybrid", step, power: 2000, after: .seconds(1), lag: .seconds(5))
  }

  @Test func aBatteryFollows() {
    #expect(battery(step(0, 1990, 10)).map(\.check) == ["effect of battery", "battery sign", "AC sign"])
    #expect(battery(step(0, 1990, 10)).isAccepted)
  }

  /// Writes are read back and ignored, and it happens to discharge just so much.
  @Test func doingItAnywayIsNoEffect() {
    #expect(battery(step(1950, 1990, 2010)).first?.outcome == .failed)
  }

  @Test func aTurnedSignIsSeen() {
    #expect(battery(step(0, -2000, 0)).first { $0.check == "battery sign" }?.outcome == .failed)
  }

  @Test func aCapIsKeptOnlyByWhoHoldsBack() {
    func outcome(_ exports: [Double], heldBack: Double?) -> Finding.Outcome {
      Effects.cap("hybrid", cap: 5880, exports: exports, offered: 6280, heldBack: heldBack).outcome
    }
    #expect(outcome([5870, 5880, 5860], heldBack: 410) == .passed)
    #expect(outcome([6270, 6280], heldBack: 0) == .failed)
    // Somebody switched on a kettle, and there is no cap at all.
    #expect(outcome([5800, 5800], heldBack: 10) == .open)
    #expect(outcome([5800, 5800], heldBack: nil) == .open)
    // On its way past the cap.
    #expect(outcome([5400, 5600, 5850], heldBack: 430) == .open)
    #expect(outcome([3000, 3000], heldBack: 400) == .open)
    #expect(outcome([], heldBack: 400) == .failed)
  }

  @Test func aChargerFollowsOrNobodyCanTell() {
    func outcome(_ before: Double?, _ during: Double?) -> Finding.Outcome {
      Effects.charger("box", before: before, during: during, current: 6, most: 4140).outcome
    }
    #expect(outcome(11_000, 4100) == .passed)
    #expect(outcome(3700, 1400) == .passed)
    #expect(outcome(11_000, 11_000) == .failed)
    // One phase, which is less than six amperes on three: ignored or not, it looks alike.
    #expect(outcome(3700, 3700) == .open)
    #expect(outcome(0, 0) == .open)
    #expect(outcome(11_000, nil) == .open)
  }

  @Test func aLimitIsSeenByItsComingAndGoing() {
    func outcome(_ during: Double?, after: Duration?, free: Double?) -> Finding.Outcome {
      Effects.production(
        "hybrid", check: "effect", told: 2000, before: 4000, during: during, after: after, free: free
      ).outcome
    }
    #expect(outcome(2010, after: .seconds(2), free: 3900) == .passed)
    #expect(outcome(4000, after: nil, free: nil) == .failed)
    #expect(outcome(1500, after: .seconds(2), free: 1500) == .open)
    #expect(outcome(1500, after: .seconds(2), free: nil) == .open)
  }
}
