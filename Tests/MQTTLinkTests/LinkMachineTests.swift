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
    _ = machine.dialled()
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
    #expect(machine.accepted(at: now) == [])
    let isDialled1 = machine.dialled()
    #expect(isDialled1)
    let isDialled2 = machine.dialled()
    #expect(!isDialled2)
    #expect(machine.accepted(at: now) == [.welcome])
    #expect(machine.accepted(at: now) == [])
  }

  @Test func givesUpAfterTenSecondsWithoutAnAnswer() {
    var machine = machine()
    _ = machine.start(at: now)
    _ = machine.dialled()
    let begun = now
    #expect(wait(&machine).first == .discard)
    #expect(now - begun == .seconds(10))
    #expect(wait(&machine) == [.open(.ipv4)])
  }

  @Test func triesBothRoutesOfANameThenWaitsBetweenOneSecondAndTheCeiling() {
    var machine = machine()
    _ = machine.start(at: now)
    for ceiling in [2, 4, 8, 16, 32, 60, 60] as [Double] {
      let first = now
      _ = machine.lost("refused", at: now)
      #expect(wait(&machine) == [.open(.ipv4)])
      #expect((1...2).contains((now - first).seconds))
      let second = now
      _ = machine.lost("refused", at: now)
      #expect(wait(&machine) == [.open(.any)])
      #expect((1...ceiling).contains((now - second).seconds))
    }
  }

  @Test func triesAnAddressByOneRoute() {
    var machine = LinkMachine(keepAlive: .seconds(20), hasTwoRoutes: false, seed: 1)
    _ = machine.start(at: now)
    for ceiling in [2, 4, 8, 16, 32, 60, 60] as [Double] {
      let lost = now
      _ = machine.lost("refused", at: now)
      #expect(wait(&machine) == [.open(.any)])
      #expect((1...ceiling).contains((now - lost).seconds))
    }
  }

  @Test func beginsWithTheRouteThatLedToTheBroker() {
    var machine = machine()
    _ = machine.start(at: now)
    _ = machine.lost("refused", at: now)
    #expect(wait(&machine) == [.open(.ipv4)])
    _ = machine.dialled()
    _ = machine.accepted(at: now)
    _ = machine.lost("gone", at: now)
    #expect(wait(&machine) == [.open(.ipv4)])
    _ = machine.lost("refused", at: now)
    #expect(wait(&machine) == [.open(.any)])
    _ = machine.lost("refused", at: now)
    #expect(wait(&machine) == [.open(.ipv4)])
  }

  /// It was reached: another route leads to the same no.
  @Test func doesNotAskABrokerThatRefusedTwice() {
    var machine = machine()
    _ = machine.start(at: now)
    _ = machine.dialled()
    _ = machine.lost("bad password", at: now, otherRouteMayHelp: false)
    #expect(wait(&machine) == [.open(.any)])
  }

  @Test func saysThatALookUpHangsAndLetsALateOneGo() {
    var machine = machine()
    _ = machine.start(at: now)
    let reason = "the look-up of the broker's name has not answered within 10.0 seconds"
    #expect(wait(&machine) == [.discard, .report(reason)])
    let isDialled3 = machine.dialled()
    #expect(!isDialled3)
    #expect(wait(&machine) == [.open(.any)])
    let isDialled4 = machine.dialled()
    #expect(isDialled4)
  }

  /// The line heals at the worst moment: just after an attempt began that will hang to its end, or just after the
  /// last sign of life of a connection that has not yet been seen to be half-open. From there to the beginning of
  /// the next attempt it is at most 60 s, which leaves 10 s to connect.
  @Test func comesBackWithinSeventySecondsWhereverTheLineHeals() {
    for seed in 0..<300 as Range<UInt64> {
      for hasTwoRoutes in [true, false] {
        var machine = LinkMachine(keepAlive: .seconds(20), hasTwoRoutes: hasTwoRoutes, seed: seed)
        _ = machine.start(at: now)
        var attempt = now
        for _ in 0..<12 {
          _ = machine.dialled()
          var begins = false
          repeat { begins = wait(&machine).contains(.open(.any)) } while !begins
          #expect(now - attempt <= .seconds(60), "seed \(seed)")
          attempt = now
        }
        _ = machine.dialled()
        _ = machine.accepted(at: now)
        let heard = now
        while !wait(&machine).contains(.open(.any)) {}
        #expect(now - heard <= .seconds(60), "seed \(seed)")
      }
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
    _ = machine.dialled()
    _ = machine.accepted(at: now)
    #expect(machine.lost("refused", at: now) == [.discard, .report("refused")])
    _ = wait(&machine)
    #expect(machine.lost("refused", at: now) == [.discard])
  }

  @Test func keepsTheBackoffAfterAShortConnectionAndDropsItAfterAStableOne() {
    var machine = machine()
    _ = machine.start(at: now)
    for _ in 0..<16 {
      _ = machine.lost("refused", at: now)
      _ = wait(&machine)
    }
    var longest = Duration.zero
    for _ in 0..<20 {
      _ = machine.dialled()
      _ = machine.accepted(at: now)
      time.advance(by: .seconds(29))
      let lost = now
      machine.heard(at: now)
      _ = machine.lost("gone", at: now)
      _ = wait(&machine)
      longest = max(longest, now - lost)
    }
    #expect(longest > .seconds(20))
    _ = machine.dialled()
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
