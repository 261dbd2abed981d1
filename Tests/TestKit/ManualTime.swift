public import EnergyModel
import Synchronization

/// A clock that moves only when a test says so.
public final class ManualTime: TimeSource {
  private let moment: Mutex<Moment>

  /// Begins at 2026-06-21T10:00:00Z, monotonic 1000 s.
  public init(
    _ start: Moment = Moment(
      wall: Timestamp(milliseconds: 1_782_036_000_000), monotonic: MonotonicInstant(nanoseconds: 1_000_000_000_000))
  ) {
    moment = Mutex(start)
  }

  public func now() -> Moment { moment.withLock { $0 } }

  /// Both clocks go on.
  public func advance(by duration: Duration) {
    moment.withLock {
      $0.wall = $0.wall + duration
      $0.monotonic = $0.monotonic + duration
    }
  }

  /// The wall clock alone jumps.
  public func stepWall(by duration: Duration) { moment.withLock { $0.wall = $0.wall + duration } }

  public func trustClock(_ isTrusted: Bool) { moment.withLock { $0.isClockTrusted = isTrusted } }
}
