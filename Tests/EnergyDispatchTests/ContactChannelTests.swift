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
