import EnergyModel
import TestKit
import Testing

@testable import EnergyDispatch

struct ChannelWatchTests {
  private static let contact: DeviceID = "dso-contact"

  private static func legal(hasHeartbeat: Bool = true, isAutonomous: Bool = false) -> SiteParameters.Channel {
    .init(
      name: "dso", kind: .uplink("vpp"), class: .legal, hasHeartbeat: hasHeartbeat,
      failsafe: [.controllablePower: 7560], isAutonomous: isAutonomous)
  }

  private static func contract(hasHeartbeat: Bool = true) -> SiteParameters.Channel {
    .init(name: "trader", kind: .uplink("vpp"), class: .contract, hasHeartbeat: hasHeartbeat)
  }

  private static func wire(
    _ class: SiteParameters.Channel.Class = .legal, isAutonomous: Bool = false
  ) -> SiteParameters.Channel {
    .init(
      name: "wire", kind: .contact(contact, maximumAge: .seconds(5)), class: `class`,
      failsafe: [.controllablePower: 7560], isAutonomous: isAutonomous)
  }

  /// A watch whose steps come each second.
  private struct Bench {
    let parameters: SiteParameters
    var watch: ChannelWatch
    let time = ManualTime()
    var orders = StandingOrders()
    var contact: Bool?
    var isIslanded = false
    var isGuarded = false
    var heartbeats: [String: Int] = [:]
    var second = 0
    var states = ChannelStates()
    var events: [(second: Int, event: Event)] = []

    init(_ channels: SiteParameters.Channel..., saved: SavedMemory = SavedMemory()) {
      parameters = Scene.parameters { $0.channels = channels }
      watch = ChannelWatch(channels, saved: saved, at: time.now().monotonic)
    }

    mutating func run(_ seconds: Int) {
      for _ in 0..<seconds {
        second += 1
        time.advance(by: .seconds(1))
        let now = time.now()
        for (name, period) in heartbeats where second % period == 0 {
          orders.channels[name, default: .init()].lastHeartbeat = now.monotonic
        }
        var snapshot = SiteSnapshot(now: now)
        if let contact {
          snapshot.observations[ChannelWatchTests.contact] = [
            .contact: Observation(value: contact ? 1 : 0, quality: .good, measured: now)
          ]
        }
        if isIslanded {
          snapshot.observations[Scene.hybrid] = [
            .islanded: Observation(value: 1, quality: .good, measured: now)
          ]
        }
        states = watch.step(orders, SiteView(snapshot, parameters), isGuarded: isGuarded)
        events += states.events.map { (second, $0) }
      }
    }

    mutating func limit(
      _ channel: String, _ quantity: LimitedQuantity, _ value: Double, for seconds: Int64? = nil, id: String = "1"
    ) {
      let now = time.now().monotonic
      orders.channels[channel, default: .init()].limits[quantity] = .init(
        value: value, ends: seconds.map { now + .seconds($0) }, id: id)
      orders.channels[channel]?.lastWord = now
    }

    mutating func release(_ channel: String) {
      orders.channels[channel, default: .init()].limits = [:]
      orders.channels[channel]?.lastWord = time.now().monotonic
    }

    mutating func restart() {
      var memory = SavedMemory()
      _ = watch.save(into: &memory)
      watch = ChannelWatch(parameters.channels, saved: SavedMemory(memory.bytes), at: time.now().monotonic)
    }

    var values: [LimitedQuantity: Double] {
      Dictionary(states.applied.map { ($0.quantity, $0.value) }, uniquingKeysWith: min)
    }

    func told(_ name: String) -> [Int] { events.filter { $0.event.name == name }.map(\.second) }
  }

  // MARK: class legal

  @Test func theFailsafeHoldsFromTheStartUntilTheChannelSpeaks() {
    var bench = Bench(Self.legal())
    bench.heartbeats = ["dso": 60]
    bench.run(300)
    #expect(bench.values == [.controllablePower: 7560])
    #expect(bench.states.applied.first?.origin == .failsafe)
    bench.release("dso")
    bench.run(1)
    #expect(bench.values == [:])
    #expect(bench.states.channels == [.init(name: "dso", trust: .alive)])
  }

  @Test(arguments: [(5000.0, 5000.0), (9000.0, 7560.0)])
  func besideTheFailsafeTheStricterCounts(running: Double, applies: Double) {
    var bench = Bench(Self.legal())
    bench.limit("dso", .controllablePower, running)
    bench.run(1)
    #expect(bench.states.channels.first?.trust == .initial)
    #expect(bench.values == [.controllablePower: applies])
  }

  @Test func aRunningLimitOfAnotherQuantityStandsBesideTheFailsafe() {
    var bench = Bench(Self.legal())
    bench.limit("dso", .importPower, 3000)
    bench.run(1)
    #expect(bench.values == [.importPower: 3000, .controllablePower: 7560])
  }

  /// 60 alive, no limit · 180 lost, the failsafe · 500 the heartbeat is back and stays: 620 released
  @Test func theFailsafeHoldsWhileTheChannelIsLost() {
    var bench = Bench(Self.legal())
    bench.heartbeats = ["dso": 60]
    bench.run(60)
    bench.release("dso")
    bench.run(1)
    bench.heartbeats = [:]
    bench.run(118)
    #expect(bench.values == [:])
    bench.run(1)
    #expect(bench.second == 180)
    #expect(bench.values == [.controllablePower: 7560])
    bench.run(320)
    bench.heartbeats = ["dso": 20]
    bench.run(139)
    #expect(bench.values == [.controllablePower: 7560])
    bench.run(1)
    #expect(bench.values == [:])
    #expect(bench.told("channel-lost") == [180])
    #expect(bench.told("channel-back") == [640])
    #expect(bench.told("limit-begins") == [1, 180])
    #expect(bench.told("limit-ends") == [61, 640])
  }

  @Test func aRunningLimitEndsWithItsDuration() {
    var bench = Bench(Self.legal(hasHeartbeat: false))
    bench.limit("dso", .exportPower, 0, for: 900)
    bench.run(899)
    #expect(bench.values == [.exportPower: 0])
    #expect(bench.states.applied.first?.lasts(at: bench.time.now().monotonic) == .seconds(1))
    bench.run(1)
    #expect(bench.values == [:])
  }

  /// Autonomous: only what was asked for is left.
  @Test func anAutonomousSiteLeavesTheFailsafe() {
    var bench = Bench(Self.legal(isAutonomous: true))
    bench.limit("dso", .importPower, 3000)
    bench.run(119)
    #expect(bench.values == [.importPower: 3000, .controllablePower: 7560])
    bench.run(1)
    #expect(bench.values == [.importPower: 3000])
    #expect(bench.told("channel-autonomous") == [120])
  }

  // MARK: class contract

  @Test func aContractHasNoFailsafe() {
    var bench = Bench(Self.contract())
    bench.run(500)
    #expect(bench.values == [:])
  }

  /// 10 asked for · 120 no heartbeat since the start: ended · 130 it is back, the request is not · 200 a new one is
  @Test func aContractEndsWithItsHeartbeatAndForGood() {
    var bench = Bench(Self.contract())
    bench.run(10)
    bench.limit("trader", .importPower, 4000, id: "first")
    bench.run(109)
    #expect(bench.values == [.importPower: 4000])
    bench.run(1)
    #expect(bench.values == [:])
    bench.heartbeats = ["trader": 10]
    bench.run(79)
    #expect(bench.values == [:])
    bench.restart()
    bench.run(1)
    #expect(bench.values == [:], "a restart does not bring it back either")
    bench.limit("trader", .importPower, 4000, id: "second")
    bench.run(1)
    #expect(bench.values == [.importPower: 4000])
  }

  @Test func withoutAHeartbeatAContractLastsForItsDuration() {
    var bench = Bench(Self.contract(hasHeartbeat: false))
    bench.limit("trader", .importPower, 4000, for: 3600)
    bench.run(3599)
    #expect(bench.values == [.importPower: 4000])
    bench.run(1)
    #expect(bench.values == [:])
  }

  // MARK: contacts

  @Test func anActiveContactLimitsAtOnceAndAnInactiveOneReleasesOnceItIsSure() {
    var bench = Bench(Self.wire())
    bench.contact = false
    bench.run(10)
    #expect(bench.values == [:])
    bench.contact = true
    bench.run(1)
    #expect(bench.values == [.controllablePower: 7560])
    #expect(bench.states.applied.first?.origin == .contact)
    bench.contact = false
    bench.run(3)
    #expect(bench.values == [.controllablePower: 7560])
    bench.run(1)
    #expect(bench.values == [:])
  }

  @Test func aBouncingContactDoesNotRelease() {
    var bench = Bench(Self.wire())
    bench.contact = true
    bench.run(10)
    for _ in 0..<10 {
      bench.contact?.toggle()
      bench.run(2)
      #expect(bench.values == [.controllablePower: 7560])
    }
    #expect(bench.told("limit-ends") == [])
  }

  /// A restart reads first: while the board has yet to answer nobody is paused for a limit that is not there.
  @Test func aStartReadsAContactFirst() {
    var bench = Bench(Self.wire())
    bench.run(2)
    #expect(bench.values == [:])
    bench.contact = false
    bench.run(20)
    #expect(bench.told("limit-begins") == [])
  }

  /// Active it limits at once, and unread after ten seconds.
  @Test func aStartWaitsForAContactForTenSeconds() {
    var bench = Bench(Self.wire())
    bench.run(2)
    bench.contact = true
    bench.run(1)
    #expect(bench.values == [.controllablePower: 7560])
    bench = Bench(Self.wire())
    bench.run(9)
    #expect(bench.values == [:])
    bench.run(2)
    #expect(bench.values == [.controllablePower: 7560])
  }

  /// 10 s: the board dies while it limits · the agent restarts: the limit is there from the first second on
  @Test func aRestartGoesOnWithTheLimitOfAContact() {
    var bench = Bench(Self.wire())
    bench.contact = true
    bench.run(10)
    bench.contact = nil
    bench.restart()
    bench.run(1)
    #expect(bench.values == [.controllablePower: 7560])
    bench.run(20)
    #expect(bench.values == [.controllablePower: 7560])
    #expect(bench.told("limit-ends") == [])
  }

  @Test func anUnreadableContactLimitsWhateverItSaidBefore() {
    var bench = Bench(Self.wire())
    bench.contact = false
    bench.run(10)
    bench.contact = nil
    bench.run(1)
    #expect(bench.values == [.controllablePower: 7560])
    #expect(bench.states.applied.first?.origin == .failsafe)
    bench.run(50_000)
    #expect(bench.values == [.controllablePower: 7560])
    bench.contact = false
    bench.run(4)
    #expect(bench.values == [:])
  }

  @Test func anUnreadableContractContactAsksForNothing() {
    var bench = Bench(Self.wire(.contract))
    bench.contact = true
    bench.run(10)
    #expect(bench.values == [.controllablePower: 7560])
    bench.contact = nil
    bench.run(1)
    #expect(bench.values == [:])
  }

  @Test func anAutonomousSiteGivesUpOnAContactAfterTwoHours() {
    var bench = Bench(Self.wire(isAutonomous: true))
    bench.contact = true
    bench.run(10)
    bench.contact = nil
    bench.run(7200)
    #expect(bench.values == [.controllablePower: 7560])
    bench.run(1)
    #expect(bench.values == [:])
  }

  // MARK: all

  @Test func limitsBindAtTheGridConnectionOnly() {
    var bench = Bench(Self.wire(), Self.contract(hasHeartbeat: false))
    bench.contact = true
    bench.limit("trader", .importPower, 4000)
    bench.run(5)
    #expect(bench.values.count == 2)
    bench.isIslanded = true
    bench.run(1)
    #expect(bench.values == [:])
    #expect(bench.told("limit-ends") == [], "they are void, not over")
    bench.isIslanded = false
    bench.run(6)
    #expect(bench.values.count == 2)
    #expect(bench.told("limit-begins") == [1, 1])
  }

  /// After several crashes the failsafe values hold, whoever says what; a contract does not.
  @Test func behindTheCrashGuardTheFailsafeHolds() {
    var bench = Bench(Self.wire(), Self.contract(hasHeartbeat: false))
    bench.contact = false
    bench.limit("trader", .importPower, 4000)
    bench.run(5)
    #expect(bench.values == [.importPower: 4000])
    bench.isGuarded = true
    bench.run(1)
    #expect(bench.values == [.controllablePower: 7560])
    bench.isGuarded = false
    bench.run(1)
    #expect(bench.values == [.importPower: 4000])
  }

  @Test func aChangedLimitIsToldAndARestartTellsNothingTwice() {
    var bench = Bench(Self.legal(hasHeartbeat: false))
    bench.release("dso")
    bench.run(1)
    bench.limit("dso", .importPower, 5000)
    bench.run(10)
    bench.limit("dso", .importPower, 4000)
    bench.run(10)
    bench.restart()
    bench.limit("dso", .importPower, 4000)
    bench.run(10)
    #expect(bench.told("limit-begins") == [2, 12])
    bench.release("dso")
    bench.run(10)
    #expect(bench.told("limit-ends") == [32])
  }

  /// A limit that ended while the agent was away is told to have ended.
  @Test func anEndDuringARestartIsTold() {
    var bench = Bench(Self.wire())
    bench.contact = true
    bench.run(10)
    bench.restart()
    bench.contact = false
    bench.run(10)
    #expect(bench.told("limit-begins") == [1])
    #expect(bench.told("limit-ends") == [14])
  }

  @Test func aChannelThatIsNeverHeardIsTold() {
    var bench = Bench(Self.legal(), Self.wire())
    bench.run(500)
    #expect(bench.told("channel-lost") == [120, 120])
    #expect(bench.events.first { $0.event.name == "channel-lost" }?.event.severity == .alarm)
    bench.contact = false
    bench.run(1)
    #expect(bench.told("channel-back") == [501])
  }

  @Test func theStrictestOfTheClassCounts() {
    var states = ChannelStates()
    func apply(_ class: SiteParameters.Channel.Class, _ quantity: LimitedQuantity, _ value: Double) {
      states.applied.append(
        .init(channel: "a", class: `class`, quantity: quantity, value: value, origin: .running(ends: nil)))
    }
    apply(.legal, .exportPower, 5000)
    apply(.legal, .exportPower, 4000)
    apply(.legal, .exportPercent, 30)
    apply(.contract, .exportPower, 100)
    #expect(states.strictest(.exportPower, .legal)?.value == 4000)
    #expect(states.strictestExport(peak: 10_000, .legal)?.power == 3000)
    #expect(states.strictestExport(peak: 20_000, .legal)?.power == 4000)
    #expect(states.strictestExport(peak: 10_000, .contract)?.power == 100)
    #expect(states.strictest(.importPower, .legal) == nil)
  }
}
