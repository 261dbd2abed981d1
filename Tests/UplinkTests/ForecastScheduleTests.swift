import EnergyModel
import Testing

@testable import Uplink

@Suite struct ForecastScheduleTests {
  /// Whether `next` is due so long after `first` went out.
  private func isDue(
    _ next: ForecastReport, after: Duration, first: ForecastReport = Given.report(), isCounted: Bool = false,
    delay: Duration = .zero
  ) -> Bool {
    var schedule = ForecastSchedule(isCounted: isCounted, delay: delay)
    #expect(schedule.mayLook(at: Given.start.monotonic) && schedule.isDue(first, at: first.at))
    schedule.published(first, at: first.at.monotonic)
    var now = next.at
    now.monotonic = Given.start.monotonic + after
    return schedule.mayLook(at: now.monotonic) && schedule.isDue(next, at: now)
  }

  @Test func itIsDueWhenTheQuarterHourTurnsOrTheOfferChanges() {
    let minute = Duration.seconds(60)
    #expect(!isDue(Given.report(), after: minute))
    #expect(!isDue(Given.report(up: 4190), after: minute), "4.5 % of what is on offer")
    #expect(isDue(Given.report(up: 4250), after: minute))
    #expect(isDue(Given.report(up: 0), after: minute))
    #expect(!isDue(Given.report(up: 0), after: minute - .seconds(1)), "not more often than a minute")
    #expect(isDue(Given.report(after: .seconds(900), step: 2), after: .seconds(900)))
    #expect(isDue(Given.report(trusted: false), after: minute))
    #expect(!isDue(Given.report(trusted: false), after: minute, first: Given.report(trusted: false)))
    #expect(isDue(Given.report(), after: minute, first: Given.report(trusted: false)))
  }

  /// Of a month's data the quarter hours take what they take; what changes in between does not multiply it.
  @Test func whereDataIsCountedChangesGoEveryQuarterHour() {
    let quarter = Duration.seconds(900)
    #expect(!isDue(Given.report(up: 0), after: quarter - .seconds(1), isCounted: true))
    #expect(isDue(Given.report(up: 0), after: quarter, isCounted: true))
    let turn = ForecastReport.step - .seconds(840)
    var first = Given.report()
    first.at.wall = first.at.wall + .seconds(840)
    #expect(isDue(Given.report(after: .seconds(900), step: 2), after: turn, first: first, isCounted: true))
    #expect(isDue(Given.report(trusted: false), after: .seconds(60), isCounted: true))
    var schedule = ForecastSchedule(isCounted: true, delay: .zero)
    schedule.published(Given.report(), at: Given.start.monotonic)
    schedule.connected()
    #expect(schedule.mayLook(at: Given.start.monotonic) && schedule.isDue(Given.report(up: 0), at: Given.start))
    schedule.published(Given.report(), at: Given.start.monotonic)
    var later = Given.start
    later.monotonic = later.monotonic + quarter - .seconds(1)
    #expect(!schedule.isDue(Given.report(up: 0), at: later), "a connection is no end of it")
  }

  /// What the first promised of the quarter hours that are still to come, and what is told of them at their turn.
  private func isDue(
    _ promised: [Double], _ offered: [Double], after: Int64, quarters: Int64 = 1, down: Bool = false
  ) -> Bool {
    func report(_ powers: [Double], _ step: Int64, _ time: Duration) -> ForecastReport {
      let offers = powers.map { ForecastReport.Offer(power: $0, energy: $0 / 4) }
      let at = Moment(wall: Given.start.wall + time, monotonic: Given.start.monotonic + time)
      return ForecastReport(
        at: at, start: Given.start.wall + ForecastReport.step * step, up: down ? [] : offers, down: down ? offers : [])
    }
    let time = ForecastReport.step * quarters + .seconds(after)
    return isDue(
      report(offered, 1 + quarters, time), after: time, first: report(promised, 1, .zero), delay: .seconds(40))
  }

  @Test func aQuarterHourIsToldAfterTheDelayUnlessItHasLess() {
    let same = ([4000.0, 3000, 2000], [3000.0, 2000, 1000])
    #expect(!isDue(same.0, same.1, after: 0))
    #expect(!isDue(same.0, same.1, after: 39))
    #expect(isDue(same.0, same.1, after: 40))
    #expect(!isDue([4000, 3000], [3500, 3000], after: 0), "more can wait")
    #expect(!isDue([4000, 3000, 2000], [2900, 2000], after: 0), "2.5 % of the most")
    #expect(isDue([4000, 3000, 2000], [2700, 2000], after: 0))
    #expect(isDue([4000, 3000, 2000], [3000], after: 0), "the last is withdrawn")
    #expect(isDue([4000, 3000, 2000], [], after: 0, down: true))
    #expect(!isDue([4000], [], after: 0), "what has begun is over")
    #expect(!isDue([4000, 3000, 2000], [2000], after: 0, quarters: 2))
    #expect(isDue([4000, 3000, 2000], [1000], after: 0, quarters: 2))
    #expect(!isDue([4000, 3000, 2000], [], after: 0, quarters: 5))
  }

  /// A fleet does not come in the same second, and a site keeps to its own.
  @Test func theDelayIsDrawnFromTheSeed() {
    func delay(_ seed: UInt64) -> Duration {
      var random = SplitMix64(seed: seed)
      return ForecastSchedule.delay(using: &random)
    }
    let delays = (0..<600).map { delay($0) }
    #expect(delays.allSatisfy { (.zero ... .seconds(60)).contains($0) })
    // Of 600 sites some 10 a second; a good draw has hardly ever 30 in one.
    let most = Dictionary(grouping: delays) { $0.components.seconds }.values.map(\.count).max() ?? 600
    #expect(most < 30, "\(most) within a second")
    #expect(delay(7) == delay(7))
  }

  @Test func everyConnectionGetsItAndNobodyGetsAPastOne() {
    var schedule = ForecastSchedule(isCounted: false, delay: .zero)
    schedule.published(Given.report(), at: Given.start.monotonic)
    schedule.connected()
    #expect(schedule.mayLook(at: Given.start.monotonic))
    #expect(schedule.isDue(Given.report(), at: Given.start))
    var late = Given.start
    late.wall = Given.report().end
    schedule.connected()
    #expect(!schedule.isDue(Given.report(), at: late), "its first quarter hour is over")
    late.wall = Given.report().end - .seconds(1)
    #expect(schedule.isDue(Given.report(), at: late))
    late.isClockTrusted = false
    #expect(!schedule.isDue(Given.report(), at: late), "the clock is no longer trusted, and the report not yet of that")
  }
}
