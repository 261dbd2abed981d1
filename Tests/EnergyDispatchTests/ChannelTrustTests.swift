import EnergyModel
import Testing

@testable import EnergyDispatch

/// Each row of the table of transitions, and that nothing else is one.
struct ChannelTrustTests {
  /// A channel whose steps come each second.
  private struct Bench {
    var trust: ChannelTrust
    var signs = ChannelTrust.Signs()
    var second = 0
    /// Every so many seconds; nil while it is silent.
    var heartbeat: Int?

    init(hasHeartbeat: Bool = true, isAutonomous: Bool = false) {
      trust = ChannelTrust(hasHeartbeat: hasHeartbeat, isAutonomous: isAutonomous, at: Self.at(0))
    }

    static func at(_ second: Int) -> MonotonicInstant {
      MonotonicInstant(nanoseconds: 1_000_000_000_000) + .seconds(Int64(second))
    }

    mutating func run(_ seconds: Int) {
      for _ in 0..<seconds {
        second += 1
        if let heartbeat, second % heartbeat == 0 { signs.lastHeartbeat = Self.at(second) }
        trust.step(signs, at: Self.at(second))
      }
    }

    /// A limit or a release arrives before the next step.
    mutating func speak() { signs.lastWord = Self.at(second) }
    mutating func beat() { signs.lastHeartbeat = Self.at(second) }

    /// Alive by second 60.
    static func alive(isAutonomous: Bool = false) -> Bench {
      var bench = Bench(isAutonomous: isAutonomous)
      bench.heartbeat = 60
      bench.run(60)
      bench.speak()
      bench.run(1)
      return bench
    }

    /// Lost since second 180, two minutes after the last heartbeat.
    static func lost(isAutonomous: Bool = false) -> Bench {
      var bench = alive(isAutonomous: isAutonomous)
      bench.heartbeat = nil
      bench.run(119)
      return bench
    }

    /// Since second 180 + 7200.
    static func autonomous() -> Bench {
      var bench = lost(isAutonomous: true)
      bench.run(7200)
      return bench
    }
  }

  @Test func aStartIsInitial() {
    #expect(Bench().trust.state == .initial)
    #expect(Bench(hasHeartbeat: false, isAutonomous: true).trust.state == .initial)
  }

  // MARK: initial

  /// init → alive: a word with a heartbeat; the heartbeat alone does it at no time
  @Test func aWordWithAHeartbeatMakesItAlive() {
    var bench = Bench(isAutonomous: true)
    bench.heartbeat = 60
    bench.run(10_000)
    #expect(bench.trust.state == .initial)
    bench.speak()
    bench.run(1)
    #expect(bench.trust.state == .alive)
  }

  @Test func aWordWithoutTheConfiguredHeartbeatIsNotEnough() {
    var bench = Bench()
    bench.speak()
    bench.run(119)
    #expect(bench.trust.state == .initial)
    bench.beat()
    bench.run(1)
    #expect(bench.trust.state == .initial, "two minutes later the word and the heartbeat do not belong together")
  }

  @Test func aHeartbeatWithinTwoMinutesOfTheWordIsEnough() {
    var bench = Bench()
    bench.speak()
    bench.run(118)
    bench.beat()
    bench.run(1)
    #expect(bench.trust.state == .alive)
  }

  @Test func withoutAConfiguredHeartbeatTheWordIsEnoughForEver() {
    var bench = Bench(hasHeartbeat: false)
    bench.run(500)
    #expect(bench.trust.state == .initial)
    bench.speak()
    bench.run(100_000)
    #expect(bench.trust.state == .alive)
  }

  /// init → autonomous: 120 s without any heartbeat
  @Test(arguments: [true, false]) func withoutAHeartbeatItBecomesAutonomous(hasHeartbeat: Bool) {
    var bench = Bench(hasHeartbeat: hasHeartbeat, isAutonomous: true)
    bench.run(119)
    #expect(bench.trust.state == .initial)
    bench.run(1)
    #expect(bench.trust.state == .autonomous)
  }

  @Test func anyHeartbeatBeginsTheTwoMinutesAnew() {
    var bench = Bench(isAutonomous: true)
    bench.run(100)
    bench.beat()
    bench.run(119)
    #expect(bench.trust.state == .initial)
    bench.run(1)
    #expect(bench.trust.state == .autonomous)
  }

  @Test func aSiteThatIsNotAutonomousStaysInitial() {
    var bench = Bench()
    bench.run(20_000)
    #expect(bench.trust.state == .initial)
  }

  // MARK: alive

  /// alive → lost: heartbeat silent for 120 s
  @Test func twoMinutesOfSilenceLoseIt() {
    var bench = Bench.alive()
    bench.heartbeat = nil
    bench.run(118)
    #expect(bench.trust.state == .alive)
    bench.run(1)
    #expect(bench.trust.state == .lost)
    #expect(bench.trust.since == Bench.at(180))
  }

  @Test func wordsWithoutAHeartbeatDoNotKeepItAlive() {
    var bench = Bench.alive()
    bench.heartbeat = nil
    for _ in 0..<119 {
      bench.speak()
      bench.run(1)
    }
    #expect(bench.trust.state == .lost)
  }

  // MARK: lost

  /// lost → alive: the heartbeat is back, and a word arrives
  @Test func aWordAfterTheHeartbeatCameBack() {
    var bench = Bench.lost()
    bench.run(50)
    bench.beat()
    bench.run(20)
    #expect(bench.trust.state == .lost)
    bench.speak()
    bench.run(1)
    #expect(bench.trust.state == .alive)
  }

  @Test func aWordWithoutTheHeartbeatLeavesItLost() {
    var bench = Bench.lost()
    bench.run(10)
    bench.speak()
    bench.run(200)
    #expect(bench.trust.state == .lost)
  }

  @Test func aWordFromBeforeTheLossDoesNotCount() {
    var bench = Bench.alive()
    bench.heartbeat = nil
    bench.run(118)
    bench.speak()
    bench.run(1)
    #expect(bench.trust.state == .lost)
    bench.run(5)
    bench.beat()
    bench.run(10)
    #expect(bench.trust.state == .lost)
  }

  /// lost → alive: the heartbeat is back for 120 s, here since second 300
  @Test func twoMinutesOfHeartbeats() {
    var bench = Bench.lost()
    bench.run(60)
    bench.heartbeat = 60
    bench.run(60 + 119)
    #expect(bench.trust.state == .lost)
    bench.run(1)
    #expect(bench.trust.state == .alive)
  }

  @Test func oneHeartbeatIsNotTwoMinutesOfThem() {
    var bench = Bench.lost()
    bench.beat()
    bench.run(300)
    #expect(bench.trust.state == .lost)
    bench.beat()
    bench.run(119)
    #expect(bench.trust.state == .lost, "the two minutes begin anew with each break")
  }

  /// lost → autonomous: two hours after the loss
  @Test func afterTheFailsafeTimeItIsAutonomous() {
    var bench = Bench.lost(isAutonomous: true)
    bench.run(7199)
    #expect(bench.trust.state == .lost)
    bench.run(1)
    #expect(bench.trust.state == .autonomous)
  }

  @Test func withoutLeaveItStaysLost() {
    var bench = Bench.lost()
    bench.run(50_000)
    #expect(bench.trust.state == .lost)
  }

  /// A step that comes hours late loses it and leaves the failsafe at once.
  @Test func theFailsafeTimeCountsFromTheLossAndNotFromTheStep() {
    var bench = Bench.alive(isAutonomous: true)
    bench.trust.step(bench.signs, at: Bench.at(60 + 120 + 7199))
    #expect(bench.trust.state == .lost)
    bench.trust.step(bench.signs, at: Bench.at(60 + 120 + 7200))
    #expect(bench.trust.state == .autonomous)
  }

  // MARK: autonomous

  /// autonomous → alive: the heartbeat is back, and a word arrives
  @Test func fromAutonomousItTakesBoth() {
    var bench = Bench.autonomous()
    bench.heartbeat = 60
    bench.run(10_000)
    #expect(bench.trust.state == .autonomous, "the heartbeat alone does not do")
    bench.speak()
    bench.run(1)
    #expect(bench.trust.state == .alive)
  }

  @Test func fromAutonomousAWordAloneIsNotEnough() {
    var bench = Bench.autonomous()
    bench.speak()
    bench.run(300)
    #expect(bench.trust.state == .autonomous)
  }

  // MARK: contacts

  private func contact(isAutonomous: Bool = false) -> ChannelTrust {
    ChannelTrust(hasHeartbeat: true, isAutonomous: isAutonomous, at: Bench.at(0))
  }

  @Test func aReadableContactIsAlive() {
    var trust = contact()
    trust.step(isReadable: false, at: Bench.at(1))
    #expect(trust.state == .initial)
    trust.step(isReadable: true, at: Bench.at(2))
    #expect(trust.state == .alive)
  }

  @Test func anUnreadableContactIsLostAtOnceAndBackAtOnce() {
    var trust = contact()
    trust.step(isReadable: true, at: Bench.at(1))
    trust.step(isReadable: false, at: Bench.at(2))
    #expect(trust.state == .lost)
    trust.step(isReadable: false, at: Bench.at(50_000))
    #expect(trust.state == .lost)
    trust.step(isReadable: true, at: Bench.at(50_001))
    #expect(trust.state == .alive)
  }

  @Test func anAutonomousSiteGivesUpOnAContactAsOnAChannel() {
    var trust = contact(isAutonomous: true)
    trust.step(isReadable: false, at: Bench.at(119))
    #expect(trust.state == .initial)
    trust.step(isReadable: false, at: Bench.at(120))
    #expect(trust.state == .autonomous)
    trust.step(isReadable: true, at: Bench.at(200))
    #expect(trust.state == .alive)
    trust.step(isReadable: false, at: Bench.at(300))
    trust.step(isReadable: false, at: Bench.at(300 + 7199))
    #expect(trust.state == .lost)
    trust.step(isReadable: false, at: Bench.at(300 + 7200))
    #expect(trust.state == .autonomous)
  }
}
