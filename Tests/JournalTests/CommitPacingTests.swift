import EnergyModel
import Testing

@testable import Journal

@Suite struct CommitPacingTests {
  private let start = MonotonicInstant(nanoseconds: 0)

  private func pacing() -> CommitPacing {
    CommitPacing(interval: .seconds(4), urgentDelay: .milliseconds(250), now: start)
  }

  @Test func commitsAtTheInterval() {
    var pacing = pacing()
    #expect(pacing.due(now: start) == start + .seconds(4))
    pacing.committed(at: start + .seconds(4))
    #expect(pacing.due(now: start + .seconds(4)) == start + .seconds(8))
    pacing.idled(at: start + .seconds(8))
    #expect(pacing.due(now: start + .seconds(8)) == start + .seconds(12))
  }

  @Test func anAlarmIsCommittedWithinItsDelay() {
    var pacing = pacing()
    pacing.urge(at: start + .seconds(1))
    pacing.urge(at: start + .seconds(1) + .milliseconds(100))
    #expect(pacing.due(now: start + .seconds(1)) <= start + .seconds(1) + .milliseconds(250))
    pacing.committed(at: start + .seconds(1) + .milliseconds(200))
    #expect(pacing.due(now: start + .seconds(2)) == start + .seconds(5) + .milliseconds(200))
  }

  @Test func alarmsWithoutEndStayBelowHalfASyncASecond() {
    var pacing = pacing()
    var commits: [MonotonicInstant] = []
    for tick in 0..<18_000 {
      let now = start + .milliseconds(100 * tick)
      pacing.urge(at: now)
      if pacing.due(now: now) <= now {
        commits.append(now)
        pacing.committed(at: now)
      }
    }
    for window in stride(from: 0, through: 1200, by: 10) {
      let from = start + .seconds(window)
      let count = commits.count { $0 >= from && $0 < from + .seconds(600) }
      #expect(count <= 292, "in the ten minutes from \(window) s")
    }
    // The bucket slows alarms down, it does not stop them.
    #expect(commits.count > 700)
  }

  /// Ten minutes of ticks; what comes urgently, by tick. Returns when commits happened.
  private func run(interval: Duration, urges: Set<Int>) -> [Duration] {
    var pacing = CommitPacing(interval: interval, urgentDelay: .milliseconds(250), now: start)
    var commits: [Duration] = []
    for tick in 0..<24_000 {
      let now = start + .milliseconds(25 * tick)
      if urges.contains(tick) { pacing.urge(at: now) }
      if pacing.due(now: now) <= now {
        commits.append(now - start)
        pacing.committed(at: now)
      }
    }
    return commits
  }

  /// A site that commits every second leaves room for what cannot wait.
  @Test(arguments: [Duration.milliseconds(250), .seconds(1), .seconds(2)])
  func shortIntervalsLeaveRoomForAnAlarm(_ interval: Duration) {
    // Five incidents, one after the other.
    let urges = [12_000, 12_011, 12_022, 12_033, 12_044]
    let commits = run(interval: interval, urges: Set(urges))
    for urge in urges {
      let at = Duration.milliseconds(25 * urge)
      #expect(commits.contains { $0 >= at && $0 <= at + .milliseconds(250) }, "the alarm of tick \(urge)")
    }
    #expect(commits.count <= 292)
    // At first as often as wanted.
    #expect(commits[9] <= interval * 10 + .milliseconds(250))
  }

  /// After a flood of alarms telemetry still commits every four seconds.
  @Test func alarmsDoNotHoldUpTheRest() {
    let commits = run(interval: .seconds(1), urges: Set(8000..<12_000))
    let pauses = zip(commits, commits.dropFirst()).map { $1 - $0 }
    #expect(pauses.max() ?? .zero <= .seconds(4) + .milliseconds(25))
    #expect(commits.count <= 292)
  }
}
