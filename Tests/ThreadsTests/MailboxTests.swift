import EnergyModel
import Testing
import Threads

@Suite struct MailboxTests {
  @Test func whatDoesNotFitIsCounted() {
    let mailbox = Mailbox<Int>(capacity: 2)
    #expect(mailbox.put(1))
    #expect(mailbox.put(2))
    #expect(!mailbox.put(3))
    #expect(mailbox.dropped == 1)
    #expect(mailbox.takeAll() == [1, 2])
    #expect(mailbox.put(4))
    #expect(mailbox.takeAll() == [4])
  }

  @Test func aRingBeforeTheWaitIsNotMissed() {
    let bell = Wakeup()
    for _ in 0..<1000 { bell.ring() }
    let start = MonotonicInstant.current
    bell.wait(until: start + .seconds(30))
    #expect(MonotonicInstant.current - start < .seconds(10))
    // And once heard it is over: the next wait lasts.
    let again = MonotonicInstant.current
    bell.wait(until: again + .milliseconds(20))
    #expect(MonotonicInstant.current - again >= .milliseconds(20))
  }
}
