import EnergyModel
import Testing

@testable import ModbusDevices

@Suite struct PollScheduleTests {
  private func at(_ milliseconds: Int64) -> MonotonicInstant {
    MonotonicInstant(nanoseconds: milliseconds * 1_000_000)
  }

  @Test("each device keeps to the grid of its period, and what was missed is not made up for")
  func periods() {
    var schedule = PollSchedule(periods: [.seconds(1)], start: at(0))
    #expect(schedule.next(at: at(0)) == .poll(0))
    schedule.answered(0, at: at(30))
    #expect(schedule.next(at: at(30)) == .wait(until: at(1000)))
    #expect(schedule.next(at: at(1005)) == .poll(0))
    schedule.answered(0, at: at(3500))
    #expect(schedule.next(at: at(3500)) == .wait(until: at(4000)))
  }

  @Test("period zero is again at once, in turns")
  func backToBack() {
    var schedule = PollSchedule(periods: [.zero, .zero, .seconds(1)], start: at(0))
    var turns: [Int] = []
    for step in 0..<7 {
      guard case .poll(let index) = schedule.next(at: at(Int64(step))) else { break }
      turns.append(index)
      schedule.answered(index, at: at(Int64(step)))
    }
    #expect(turns == [0, 1, 2, 0, 1, 0, 1])
  }

  @Test("the dead are probed after 1 s, 2 s, 4 s … 30 s, and come back to their period")
  func backOff() {
    var schedule = PollSchedule(periods: [.milliseconds(100), .seconds(50)], start: at(0))
    schedule.answered(1, at: at(0))
    var now: Int64 = 0
    for delay in [1, 2, 4, 8, 16, 30, 30] as [Int64] {
      #expect(schedule.next(at: at(now)) != .connect)
      schedule.silent(0, at: at(now), jitter: 0.5)
      #expect(schedule.isResting(0, at: at(now + delay * 1000 - 1)))
      #expect(!schedule.isResting(0, at: at(now + delay * 1000)))
      now += delay * 1000
    }
    #expect(schedule.next(at: at(now)) == .poll(1))
    schedule.answered(1, at: at(now))
    #expect(schedule.next(at: at(now)) == .poll(0))
    schedule.answered(0, at: at(now))
    #expect(!schedule.isResting(0, at: at(now)))
    #expect(schedule.next(at: at(now + 100)) == .poll(0))
  }

  @Test("jitter moves a probe by at most 10 %")
  func jitter() {
    var early = BackOff()
    var late = BackOff()
    early.failed(at: at(0), jitter: 0)
    late.failed(at: at(0), jitter: 1)
    #expect(early.until == at(900))
    #expect(late.until == at(1100))
  }

  @Test("on a line that is too slow for all of them nobody starves: each has its share by its period")
  func overload() {
    // Every turn takes 100 ms, and the devices want 45 turns a second.
    var schedule = PollSchedule(
      periods: [.milliseconds(100), .milliseconds(100), .milliseconds(50), .seconds(1), .seconds(2)], start: at(0))
    var turns: [Int: Int] = [:]
    for step in 0..<1000 {
      guard case .poll(let index) = schedule.next(at: at(Int64(step) * 100)) else { continue }
      turns[index, default: 0] += 1
      schedule.answered(index, at: at(Int64(step) * 100 + 100))
    }
    #expect((turns[3] ?? 0) >= 80)
    #expect((turns[4] ?? 0) >= 40)
    #expect([0, 1, 2].allSatisfy { (turns[$0] ?? 0) >= 200 }, "\(turns)")
  }

  @Test("without a connection nothing else is tried, and with it everybody at once")
  func link() {
    var schedule = PollSchedule(periods: [.seconds(1), .seconds(1)], start: at(0))
    schedule.silent(1, at: at(0), jitter: 0.5)
    schedule.linkFailed(at: at(0), jitter: 0.5)
    #expect(schedule.isResting(0, at: at(10)))
    #expect(schedule.next(at: at(10)) == .wait(until: at(1000)))
    #expect(schedule.next(at: at(1000)) == .connect)
    schedule.linkFailed(at: at(1000), jitter: 0.5)
    #expect(schedule.next(at: at(1000)) == .wait(until: at(3000)))
    schedule.linkCameUp(at: at(3000))
    #expect(schedule.next(at: at(3000)) == .poll(0))
    schedule.answered(0, at: at(3001))
    #expect(schedule.next(at: at(3001)) == .poll(1))
  }

  @Test func nobody() {
    var schedule = PollSchedule(periods: [], start: at(0))
    #expect(schedule.next(at: at(0)) == .wait(until: nil))
  }
}
