import EnergyModel
import SiteSimulator
import Testing

@Suite struct SunPositionTests {
  /// The highest elevation of a day in Berlin, looked up minute by minute.
  private func noon(_ day: Timestamp) -> (time: Timestamp, sun: SunPosition) {
    (0..<1440).map { minute -> (time: Timestamp, sun: SunPosition) in
      let time = day + .seconds(minute * 60)
      return (time, SunPosition(at: time, latitude: 52.52, longitude: 13.40))
    }.max { $0.sun.elevation < $1.sun.elevation } ?? (day, SunPosition(at: day, latitude: 0, longitude: 0))
  }

  @Test func noonAtTheSolsticesInBerlin() {
    let summer = noon(Worlds.midsummer)
    #expect(abs(summer.sun.elevation - 60.92) < 0.05)
    #expect(abs(summer.sun.azimuth - 180) < 1)
    // 13:08 summer time.
    #expect(abs((summer.time - Worlds.midsummer).seconds - (11 * 3600 + 8 * 60)) < 120)
    #expect(abs(noon(Worlds.midwinter).sun.elevation - 14.05) < 0.05)
  }

  @Test func theSunRisesInTheEastAndIsGoneAtNight() {
    let morning = SunPosition(at: Worlds.midsummer + .seconds(5 * 3600), latitude: 52.52, longitude: 13.40)
    #expect((60...100).contains(morning.azimuth))
    let midnight = SunPosition(at: Worlds.midsummer + .seconds(23 * 3600), latitude: 52.52, longitude: 13.40)
    #expect(midnight.elevation < -10)
    // At the equator's equinox it passes the zenith.
    let equinox = SunPosition(at: Timestamp(milliseconds: 1_774_008_420_000), latitude: 0, longitude: 0)
    #expect(equinox.elevation > 89)
  }

  @Test func noSunNoPower() {
    var world = SiteWorld(seed: 1, start: Worlds.midsummer + .seconds(22 * 3600))
    for _ in 0..<600 {
      world.step(by: .seconds(10))
      #expect(world.truth.pv == 0)
    }
  }

  @Test func aClearNoonGivesMostOfThePeak() {
    var parameters = WorldParameters()
    parameters.cloudCover = 0
    var world = SiteWorld(parameters: parameters, seed: 1, start: Worlds.midsummer + .seconds(11 * 3600))
    world.run(seconds: 5)
    let possible = world.truth.pv + world.truth.curtailed
    #expect((0.7 * parameters.peak...1.02 * parameters.peak).contains(possible))
  }

  @Test func cloudsHaveFastEdges() {
    var world = SiteWorld(seed: 4, start: Worlds.midsummer + .seconds(10 * 3600))
    var fastest = 0.0
    var before = world.truth.pv + world.truth.curtailed
    for _ in 0..<720 {
      world.step(by: .seconds(5))
      let now = world.truth.pv + world.truth.curtailed
      fastest = max(fastest, abs(now - before))
      before = now
    }
    #expect(fastest > 1500)
  }

  @Test func readsCalendarTime() {
    #expect(Timestamp(utc: "2026-06-21T00:00:00Z") == Worlds.midsummer)
    #expect(Timestamp(utc: "2024-02-29T23:59:59Z")?.milliseconds == 1_709_251_199_000)
    #expect(Timestamp(utc: "1970-01-01T00:00:00Z")?.milliseconds == 0)
    for bad in ["", "2026-06-21", "2026-13-21T00:00:00Z", "2026-06-21T24:00:00Z", "2026-06-21T10:30:00+02"] {
      #expect(Timestamp(utc: bad) == nil)
    }
  }
}
