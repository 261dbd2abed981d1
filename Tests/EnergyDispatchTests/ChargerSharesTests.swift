import EnergyModel
import TestKit
import Testing

@testable import EnergyDispatch

struct ChargerSharesTests {
  private static func shares(_ power: Double, _ priorities: [Int], without: Int? = nil) -> [Double] {
    let site = House.site {
      $0.chargers = priorities.enumerated().map { .init(device: DeviceID("car\($0.offset)"), priority: $0.element) }
    }
    let now = ManualTime().now()
    var snapshot = SiteSnapshot(now: now)
    for (index, charger) in site.chargers.enumerated() {
      snapshot.observations[charger.device] = [
        .chargingState: Observation(value: index == without ? 0 : 2, quality: .good, measured: now)
      ]
    }
    let divided = ChargerShares(site, SiteView(snapshot, site)).divide(power)
    return site.chargers.map { charger in divided.first { $0.charger.device == charger.device }?.power ?? -1 }
  }

  @Test func equalsGetTheSame() {
    #expect(Self.shares(12_000, [1, 1]) == [6000, 6000])
    #expect(Self.shares(30_000, [1, 1]) == [11_040, 11_040])
  }

  /// 6 A on three phases are 4140 W: 7 kW are not enough for two.
  @Test func ratherOneThanTwoPauses() {
    #expect(Self.shares(7000, [1, 1]) == [7000, 0])
    #expect(Self.shares(4000, [1, 1]) == [0, 0])
    #expect(Self.shares(-500, [1, 1]) == [0, 0])
  }

  @Test func theLowerNumberIsThrottledFirst() {
    #expect(Self.shares(15_000, [1, 2]) == [0, 11_040])
    #expect(Self.shares(15_500, [1, 2]) == [4460, 11_040])
  }

  @Test func whereNoCarIsNothingIsTakenFromOthers() {
    #expect(Self.shares(12_000, [2, 1], without: 0) == [0, 11_040])
  }
}
