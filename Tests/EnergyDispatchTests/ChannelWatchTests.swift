import EnergyModel
import TestKit
import Testing

@testable import EnergyDispatch

struct ChannelWatchTests {
  // MARK: class legal

  @Test func theFailsafeHoldsFromTheStartUntilTheChannelSpeaks() {
    var bench = ChannelBench(ChannelBench.legal())
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
    var bench = ChannelBench(ChannelBench.legal())
    bench.limit("dso", .controllablePower, running)
    bench.run(1)
    #expect(bench.states.channels.first?.trust == .initial)
    #expect(bench.values == [.controllablePower: applies])
  }

  @Test func aRunningLimitOfAnotherQuantityStandsBesideTheFailsafe() {
    var bench = ChannelBench(ChannelBench.legal())
    bench.limit("dso", .importPower, 3000)
    bench.run(1)
    #expect(bench.values == [.importPower: 3000, .controllablePower: 7560])
  }

  /// 60 alive, no limit · 180 lost, the failsafe · 500 the heartbeat is back and stays: 620 released
  @Test func theFailsafeHoldsWhileTheChannelIsLost() {
    var bench = ChannelBench(ChannelBench.legal())
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
    var bench = ChannelBench(ChannelBench.legal(hasHeartbeat: false))
    bench.limit("dso", .exportPower, 0, for: 900)
    bench.run(899)
    #expect(bench.values == [.exportPower: 0])
    #expect(bench.states.applied.first?.lasts(at: bench.time.now().monotonic) == .seconds(1))
    bench.run(1)
    #expect(bench.values == [:])
  }

  /// Autonomous: only what was asked for is left.
  @Test func anAutonomousSiteLeavesTheFailsafe() {
    var bench = ChannelBench(ChannelBench.legal(isAutonomous: true))
    bench.limit("dso", .importPower, 3000)
    bench.run(119)
    #expect(bench.values == [.importPower: 3000, .controllablePower: 7560])
    bench.run(1)
    #expect(bench.values == [.importPower: 3000])
    #expect(bench.told("channel-autonomous") == [120])
  }

  // MARK: class contract

  @Test func aContractHasNoFailsafe() {
    var bench = ChannelBench(ChannelBench.contract())
    bench.run(500)
    #expect(bench.values == [:])
  }

  /// 10 asked for · 120 no heartbeat since the start: ended · 130 it is back, the request is not · 200 a new one is
  @Test func aContractEndsWithItsHeartbeatAndForGood() {
    var bench = ChannelBench(ChannelBench.contract())
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
    var bench = ChannelBench(ChannelBench.contract(hasHeartbeat: false))
    bench.limit("trader", .importPower, 4000, for: 3600)
    bench.run(3599)
    #expect(bench.values == [.importPower: 4000])
    bench.run(1)
    #expect(bench.values == [:])
  }

  // MARK: all

  @Test func limitsBindAtTheGridConnectionOnly() {
    var bench = ChannelBench(ChannelBench.wire(), ChannelBench.contract(hasHeartbeat: false))
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
    var bench = ChannelBench(ChannelBench.wire(), ChannelBench.contract(hasHeartbeat: false))
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
    var bench = ChannelBench(ChannelBench.legal(hasHeartbeat: false))
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
    var bench = ChannelBench(ChannelBench.wire())
    bench.contact = true
    bench.run(10)
    bench.restart()
    bench.contact = false
    bench.run(10)
    #expect(bench.told("limit-begins") == [1])
    #expect(bench.told("limit-ends") == [14])
  }

  @Test func aChannelThatIsNeverHeardIsTold() {
    var bench = ChannelBench(ChannelBench.legal(), ChannelBench.wire())
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
