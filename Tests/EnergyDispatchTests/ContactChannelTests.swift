import EnergyModel
import TestKit
import Testing

@testable import EnergyDispatch

/// Channels by a wire.
struct ContactChannelTests {
  @Test func anActiveContactLimitsAtOnceAndAnInactiveOneReleasesOnceItIsSure() {
    var bench = ChannelBench(ChannelBench.wire())
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
    var bench = ChannelBench(ChannelBench.wire())
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
    var bench = ChannelBench(ChannelBench.wire())
    bench.run(2)
    #expect(bench.values == [:])
    bench.contact = false
    bench.run(20)
    #expect(bench.told("limit-begins") == [])
  }

  /// Active it limits at once, and unread after ten seconds.
  @Test func aStartWaitsForAContactForTenSeconds() {
    var bench = ChannelBench(ChannelBench.wire())
    bench.run(2)
    bench.contact = true
    bench.run(1)
    #expect(bench.values == [.controllablePower: 7560])
    bench = ChannelBench(ChannelBench.wire())
    bench.run(9)
    #expect(bench.values == [:])
    bench.run(2)
    #expect(bench.values == [.controllablePower: 7560])
  }

  /// 10 s: the board dies while it limits · the agent restarts: the limit is there from the first second on
  @Test func aRestartGoesOnWithTheLimitOfAContact() {
    var bench = ChannelBench(ChannelBench.wire())
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
    var bench = ChannelBench(ChannelBench.wire())
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
    var bench = ChannelBench(ChannelBench.wire(.contract))
    bench.contact = true
    bench.run(10)
    #expect(bench.values == [.controllablePower: 7560])
    bench.contact = nil
    bench.run(1)
    #expect(bench.values == [:])
  }

  @Test func anAutonomousSiteGivesUpOnAContactAfterTwoHours() {
    var bench = ChannelBench(ChannelBench.wire(isAutonomous: true))
    bench.contact = true
    bench.run(10)
    bench.contact = nil
    bench.run(7200)
    #expect(bench.values == [.controllablePower: 7560])
    bench.run(1)
    #expect(bench.values == [:])
  }
}
