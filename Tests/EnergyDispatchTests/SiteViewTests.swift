import EnergyModel
import TestKit
import Testing

@testable import EnergyDispatch

struct SiteViewTests {
  private let now = ManualTime().now()

  private func snapshot(_ meter: Double, _ hybrid: Double, meterAge: Duration = .zero) -> SiteSnapshot {
    let earlier = Moment(wall: now.wall - meterAge, monotonic: now.monotonic - meterAge)
    return SiteSnapshot(
      now: now,
      observations: [
        Scene.meter: [.power: Observation(value: meter, quality: .good, measured: earlier)],
        Scene.hybrid: [.power: Observation(value: hybrid, quality: .good, measured: now)],
      ])
  }

  @Test func theLoadIsWhatIsLeft() {
    #expect(SiteView(snapshot(-1000, 3000), Scene.parameters()).load == 2000)
  }

  @Test func aSmallNegativeLoadIsTheMetersErrorALargeOneUnknown() {
    #expect(SiteView(snapshot(-3050, 3000), Scene.parameters()).load == 0)
    #expect(SiteView(snapshot(-3500, 3000), Scene.parameters()).load == nil)
  }

  @Test func onlyReadingsTakenTogetherAddUp() {
    #expect(SiteView(snapshot(-1000, 3000, meterAge: .seconds(2)), Scene.parameters()).load == 2000)
    #expect(SiteView(snapshot(-1000, 3000, meterAge: .seconds(3)), Scene.parameters()).load == nil)
    #expect(SiteView(snapshot(-1000, 3000, meterAge: .seconds(3)), Scene.parameters()).grid?.power == -1000)
  }

  @Test func oldAndImpossibleValuesAreUnknown() {
    #expect(SiteView(snapshot(-1000, 3000, meterAge: .seconds(6)), Scene.parameters()).grid?.power == nil)
    #expect(SiteView(snapshot(.nan, 3000), Scene.parameters()).grid?.power == nil)
    #expect(SiteView(snapshot(1e9, 3000), Scene.parameters()).grid?.power == nil)
  }

  /// A charger with a wrong sign takes nobody knows what, but it answers; some watts below zero are its meter's error.
  @Test func aConsumerThatSeemsToGiveIsUnknown() {
    let site = House.site()
    var snapshot = snapshot(5000, 0)
    func charger(_ power: Double) -> SiteView.Charger {
      snapshot.observations[House.car] = [.power: Observation(value: power, quality: .good, measured: now)]
      return SiteView(snapshot, site).chargers[0]
    }
    #expect(charger(-3680).power == nil)
    #expect(charger(-3680).isHeard)
    #expect(charger(-50).power == -50)
    var tracks = PowerTracks(site)
    snapshot.observations[House.car] = [.power: Observation(value: -3680, quality: .good, measured: now)]
    tracks.observe(PointReader(snapshot: snapshot))
    #expect(tracks.balance()?.chargers == [nil])
    #expect(tracks.balance()?.load == 5000)
    #expect(tracks.balance()?.uncontrolled == nil)
  }

  @Test func aDeviceWithoutThePointIsAnotherMatterThanASilentOne() {
    var snapshot = snapshot(0, 0)
    snapshot.observations[Scene.hybrid]?[.soc] = Observation(value: nil, quality: .notImplemented, measured: nil)
    snapshot.observations[Scene.hybrid]?[.alarms] = Observation(value: 0, quality: .exception, measured: now)
    let hybrid = SiteView(snapshot, Scene.parameters()).hybrids[0]
    #expect(hybrid.soc == .absent)
    #expect(hybrid.alarms == .unknown)
    #expect(hybrid.temperature == .absent)
  }
}

struct WordsTests {
  @Test func powersAreReadable() {
    #expect(Words.power(0) == "0 W")
    #expect(Words.power(849.6) == "850 W")
    #expect(Words.power(5880) == "5.9 kW")
    #expect(Words.list(["a", "b", "c"]) == "a, b and c")
  }

  @Test func theEndOfAWaitIsLocalTimeWhereTheClockIsTrusted() {
    var now = ManualTime().now()
    let berlin = TimeZoneTable(name: "Europe/Berlin", initialOffset: .seconds(7200))
    #expect(Words.End(of: .seconds(330), now: now, zone: berlin).description == "until 12:05")
    now.isClockTrusted = false
    #expect(Words.End(of: .seconds(330), now: now, zone: berlin).description == "for another 6 min")
  }
}
