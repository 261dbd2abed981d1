import EnergyModel
import TestKit
import Testing

@testable import MQTTLink

@Suite struct LinkMachineTests {
  let time = ManualTime()
  var now: MonotonicInstant { time.now().monotonic }

  func machine() -> LinkMachine { LinkMachine(keepAlive: .seconds(20), seed: 1) }

  func connected() -> LinkMachine {
    var machine = machine()
    _ = machine.start(at: now)
    _ = machine.accepted(at: now)
    return machine
  }

  /// Lets the clock go to the machine's deadline and ticks.
  func wait(_ machine: inout LinkMachine) -> [LinkMachine.Action] {
    guard let deadline = machine.deadline else { return [] }
    time.advance(by: deadline - now - .nanoseconds(1))
    #expect(machine.tick(at: now) == [])
    time.advance(by: .nanoseconds(1))
    return machine.tick(at: now)
  }

  @Test func connectsAndWelcomes() {
    var machine = machine()
    #expect(machine.start(at: now) == [.open(.any)])
    #expect(machine.start(at: now) == [])
    #expect(machine.accepted(at: now) == [.welcome])
    #expect(machine.accepted(at: now) == [])
  }

  @Test func givesUpAfterTenSecondsWithoutAnAnswer() {
    var machine = machine()
    _ = machine.start(at: now)
    let begun = now
    #expect(wait(&machine).first == .discard)
    #expect(now - begun == .seconds(10))
    #expect(wait(&machine) == [.open(.ipv4)])
  }

  @Test func waitsBetweenOneSecondAndTheCeilingAndTriesTheOtherRoute() {
    var machine = machine()
    _ = machine.start(at: now)
    for (ceiling, route) in [(2, .ipv4), (4, .any), (8, .ipv4), (16, .any), (32, .ipv4), (60, .any), (60, .ipv4)]
      as [(Double, LinkMachine.Route)]
    {
      let lost = now
      _ = machine.lost("refused", at: now)
      #expect(wait(&machine) == [.open(route)])
      #expect((1...ceiling).contains((now - lost).seconds))
    }
  }

  @Test func tellsEachReasonOfFailedAttemptsOnce() {
    var machine = machine()
    _ = machine.start(at: now)
    #expect(machine.lost("refused", at: now) == [.discard, .report("refused")])
    _ = wait(&machine)
    #expect(machine.lost("refused", at: now) == [.discard])
    _ = wait(&machine)
    #expect(machine.lost("no route", at: now) == [.discard, .report("no route")])
    _ = wait(&machine)
    _ = machine.accepted(at: now)
    #expect(machine.lost("refused", at: now) == [.discard, .report("refused")])
    _ = wait(&machine)
    #expect(machine.lost("refused", at: now) == [.discard])
  }

  @Test func keepsTheBackoffAfterAShortConnectionAndDropsItAfterAStableOne() {
    var machine = machine()
    _ = machine.start(at: now)
    for _ in 0..<8 {
      _ = machine.lost("refused", at: now)
      _ = wait(&machine)
    }
    var longest = Duration.zero
    for _ in 0..<20 {
      _ = machine.accepted(at: now)
      time.advance(by: .seconds(29))
      let lost = now
      _ = machine.lost("gone", at: now)
      _ = wait(&machine)
      longest = max(longest, now - lost)
    }
    #expect(longest > .seconds(20))
    _ = machine.accepted(at: now)
    time.advance(by: .seconds(30))
    let lost = now
    _ = machine.lost("gone", at: now)
    _ = wait(&machine)
    #expect(now - lost <= .seconds(2))
  }

  @Test func givesUpASilentConnectionAfterTwiceTheKeepalive() {
    var machine = connected()
    time.advance(by: .seconds(35))
    machine.heard(at: now)
    #expect(machine.tick(at: now) == [])
    let heard = now
    #expect(wait(&machine) == [.discard, .report("nothing heard for 40.0 seconds")])
    #expect(now - heard == .seconds(40))
  }

  @Test func saysGoodbyeOnceEverythingIsFlushed() {
    var machine = connected()
    #expect(machine.flushed() == [])
    #expect(machine.stop(at: now) == [])
    #expect(machine.stop(at: now) == [])
    #expect(machine.flushed() == [.farewell, .discard, .report("stopped"), .end])
    #expect(machine.deadline == nil)
    #expect(machine.stop(at: now) == [])
  }

  @Test func leavesWithoutGoodbyeWhenFlushingTakesTooLong() {
    var machine = connected()
    _ = machine.stop(at: now)
    let begun = now
    #expect(wait(&machine) == [.discard, .report("stopped with messages under way"), .end])
    #expect(now - begun == .seconds(2))
  }

  @Test func endsWhenTheConnectionBreaksWhileStopping() {
    var machine = connected()
    _ = machine.stop(at: now)
    #expect(machine.lost("gone", at: now) == [.discard, .report("gone"), .end])
    #expect(machine.lost("gone", at: now) == [])
  }

  @Test func stopsAtOnceWhileNotConnected() {
    var idle = machine()
    #expect(idle.stop(at: now) == [.discard, .end])
    #expect(idle.start(at: now) == [])
    var connecting = machine()
    _ = connecting.start(at: now)
    #expect(connecting.stop(at: now) == [.discard, .end])
    #expect(connecting.accepted(at: now) == [])
    var waiting = machine()
    _ = waiting.start(at: now)
    _ = waiting.lost("refused", at: now)
    #expect(waiting.stop(at: now) == [.discard, .end])
    #expect(waiting.deadline == nil)
  }
}
