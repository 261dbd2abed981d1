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
}
