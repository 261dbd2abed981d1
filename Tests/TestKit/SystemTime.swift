public import EnergyModel
import Glibc
import Threads

/// The system's clocks, for integration tests against real peers.
public struct SystemTime: TimeSource {
  public init() {}

  public func now() -> Moment {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    let milliseconds = Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
    return Moment(wall: Timestamp(milliseconds: milliseconds), monotonic: .current)
  }
}
