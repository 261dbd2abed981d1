import EnergyModel
import SiteSimulator
import Testing

@Suite struct ClientPaceTests {
  private static let wish = ClientPace.Wish(pause: .milliseconds(50), connectDelay: .seconds(1))

  private func at(_ milliseconds: Int64) -> MonotonicInstant {
    MonotonicInstant(nanoseconds: 0) + .milliseconds(milliseconds)
  }

  @Test func nothingIsHeardUntilTheDeviceHasRestedAfterAConnection() {
    let pace = ClientPace(connected: at(5000))
    #expect(!pace.isHeard(1, now: at(5999), wish: Self.wish))
    #expect(pace.isHeard(1, now: at(6000), wish: Self.wish))
    #expect(pace.isHeard(1, now: at(5000), wish: .init()))
    // On a serial line nobody connects.
    #expect(ClientPace(connected: nil).isHeard(1, now: at(0), wish: Self.wish))
  }

  @Test func aRequestIsHeardAPauseAfterTheAnswerBeforeAndOfOtherUnitsAtOnce() {
    var pace = ClientPace(connected: nil)
    pace.exchanged(1, end: at(100))
    #expect(!pace.isHeard(1, now: at(149), wish: Self.wish))
    // That it was asked too soon costs nothing.
    #expect(pace.isHeard(1, now: at(150), wish: Self.wish))
    #expect(pace.isHeard(2, now: at(101), wish: Self.wish))
    #expect(pace.isHeard(1, now: at(90), wish: .init()))
  }

  /// On a line that several devices share the rest after one of them is for the others.
  @Test func aRequestForAnotherUnitIsHeardAfterTheRestOfTheBus() {
    let wish = ClientPace.Wish(pause: .milliseconds(50), unitPause: .milliseconds(150))
    var pace = ClientPace(connected: nil)
    pace.exchanged(1, end: at(100))
    #expect(!pace.isHeard(2, now: at(249), wish: wish))
    #expect(pace.isHeard(2, now: at(250), wish: wish))
    #expect(pace.isHeard(1, now: at(150), wish: wish), "its own wants its own pause alone")
    pace.exchanged(2, end: at(260))
    #expect(!pace.isHeard(1, now: at(409), wish: wish) && pace.isHeard(1, now: at(410), wish: wish))
  }

  @Test func whatAProfileWantsIsWhatItsDeviceWants() throws {
    var bench = Bench(seed: 1)
    let isAdded = bench.add(ProfileImage(try ProfileClient.profile("huawei-sun2000")), name: "h", bus: 0, unit: 1)
    #expect(isAdded)
    #expect(bench.pace(of: 1, bus: 0) == Self.wish)
    #expect(bench.pace(of: 2, bus: 0) == .init() && bench.pace(of: 1, bus: 1) == .init())
    bench.unitPause = .milliseconds(150)
    #expect(bench.pace(of: 1, bus: 0).unitPause == .milliseconds(150))
    bench.keepsPace = false
    #expect(bench.pace(of: 1, bus: 0) == .init())
  }
}
