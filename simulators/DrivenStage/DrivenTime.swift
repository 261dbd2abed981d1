public import EnergyModel
import Synchronization
import TestKit

/// A clock that is driven by hand until it is let go; then it runs on at the system's pace.
public final class DrivenTime: TimeSource {
  private enum Pace {
    case held(Moment)
    case running(from: Moment, since: MonotonicInstant)
  }

  private let pace: Mutex<Pace>

  public init(_ start: Moment) { pace = Mutex(.held(start)) }

  public func now() -> Moment {
    pace.withLock { pace in
      switch pace {
      case .held(let moment): return moment
      case .running(let from, let since):
        let gone = SystemTime().now().monotonic - since
        return Moment(wall: from.wall + gone, monotonic: from.monotonic + gone, isClockTrusted: from.isClockTrusted)
      }
    }
  }

  /// Only while it is held.
  public func advance(by duration: Duration) {
    pace.withLock { pace in
      guard case .held(let moment) = pace else { return }
      let wall = moment.wall + duration
      pace = .held(
        Moment(wall: wall, monotonic: moment.monotonic + duration, isClockTrusted: moment.isClockTrusted))
    }
  }

  public func letGo() {
    pace.withLock { pace in
      guard case .held(let moment) = pace else { return }
      pace = .running(from: moment, since: SystemTime().now().monotonic)
    }
  }
}
