import EnergyModel
import Testing

@testable import Commissioning

struct ReversionTests {
  @Test func aCloudIsNoReversion() {
    #expect(!Reversion.hasLeft(200, told: 2000, free: 4000, isUpperBound: true))
    #expect(Reversion.hasLeft(3500, told: 2000, free: 4000, isUpperBound: true))
  }

  @Test func amperesAreSmallNumbers() {
    #expect(Reversion.hasLeft(6, told: 11, free: 6, least: 0.4))
    #expect(!Reversion.hasLeft(11, told: 11, free: 6, least: 0.4))
    #expect(Reversion.hasLeft(6, told: 11, free: nil, least: 0.4))
  }

  @Test func aBatteryMayBeLetGoEitherWay() {
    #expect(Reversion.hasLeft(-1000, told: 0, free: 1200))
    #expect(!Reversion.hasLeft(100, told: 0, free: 1200))
  }

  @Test func neitherTooEarlyNorNever() {
    func outcome(_ reverted: Duration?) -> Finding.Outcome {
      Reversion(device: "d", command: "c", timer: .seconds(60), reverted: reverted, watched: .seconds(90)).finding
        .outcome
    }
    #expect(outcome(nil) == .failed)
    #expect(outcome(.seconds(5)) == .failed)
    #expect(outcome(.seconds(61)) == .passed)
  }
}
