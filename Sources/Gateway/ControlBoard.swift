public import EnergyDispatch
public import EnergyModel
import Synchronization

/// What control last decided and how it is doing, for everybody who wants to look. The cycle writes it
/// under a lock held for microseconds; nobody waits for the cycle.
public final class ControlBoard: WriteReportSink {
  private struct State {
    var outcome: ControlOutcome?
    var since: Timestamp?
    var cycle = SiteStatus.Cycle()
    var setpoints = SiteStatus.Setpoints()
    var reports: [WriteReport] = []
  }

  private static let mostReports = 1000
  private let state = Mutex(State())

  public init() {}

  /// Put into words for whoever asks, and not in the cycle.
  public var decision: Decision? { state.withLock { $0.outcome }?.decision }
  /// What was in force in the last cycle; nothing before the first.
  public var running: RunningLimits { state.withLock { $0.outcome }?.running ?? RunningLimits() }
  /// Since when the decision has been the same in substance.
  public var decisionSince: Timestamp? { state.withLock { $0.since } }
  public var cycle: SiteStatus.Cycle { state.withLock { $0.cycle } }
  public var setpoints: SiteStatus.Setpoints { state.withLock { $0.setpoints } }

  /// From the devices' threads. Kept for the next cycle.
  public func accept(_ report: WriteReport) {
    state.withLock { state in
      let count = UInt64(report.command.setpoints.count)
      if report.outcome == .confirmed { state.setpoints.confirmed += count } else { state.setpoints.failed += count }
      // Bounded by the commands under way, of which each has exactly one report.
      if state.reports.count < Self.mostReports { state.reports.append(report) }
    }
  }

  func takeReports() -> [WriteReport] {
    state.withLock { state in
      defer { state.reports.removeAll(keepingCapacity: true) }
      return state.reports
    }
  }

  func record(_ outcome: ControlOutcome, lateness: Duration, took: Duration) {
    state.withLock { state in
      state.outcome = outcome
      if outcome.isDecisionNew { state.since = outcome.at.wall }
      state.cycle.count += 1
      state.cycle.worstLateness = max(state.cycle.worstLateness, lateness)
      state.cycle.worstDuration = max(state.cycle.worstDuration, took)
      state.setpoints.written += outcome.commands.reduce(0) { $0 + UInt64($1.setpoints.count) }
    }
  }
}
