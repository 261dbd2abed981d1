import EnergyModel
import Synchronization
import TestKit
import Threads

@testable import Journal

/// A clock that only the test moves, and that knows whether somebody looked at it since.
final class WatchedTime: TimeSource {
  private let time: ManualTime
  private let looks = Mutex(0)

  init(_ time: ManualTime) { self.time = time }

  func now() -> Moment {
    looks.withLock { $0 += 1 }
    return time.now()
  }

  /// Moves the clock, and comes back when ``Journal/run()`` has done what that made due.
  func advance(by duration: Duration, _ journal: Journal) async throws {
    time.advance(by: duration)
    let before = looks.withLock { $0 }
    journal.executor.wake()
    let clock = ContinuousClock()
    let end = clock.now + .seconds(10)
    while looks.withLock({ $0 }) == before {
      guard clock.now < end else { throw TestKitError.timedOut("the journal looks at its clock") }
      await Task.yield()
    }
    // What it does after looking it does in one piece, and this in turn.
    _ = await journal.filesAside
  }
}
