import EnergyModel
import Synchronization
import Threads

/// When a scan ends, whatever is left: its time is up, or somebody wants what was found so far.
final class ScanStop: Sendable {
  private let deadline: MonotonicInstant
  private let state = Mutex<String?>(nil)
  let bell = Wakeup()

  init(limit: Duration) { deadline = .current + limit }

  func stop(_ reason: String) {
    state.withLock { $0 = $0 ?? reason }
    bell.ring()
  }

  /// Why it is over; nil while it is not.
  var reason: String? {
    if let reason = state.withLock({ $0 }) { return reason }
    return MonotonicInstant.current >= deadline ? "the time limit was reached (--limit)" : nil
  }

  var isOver: Bool { reason != nil }
}
