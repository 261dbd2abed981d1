import CSystemd
import EnergyModel
import Gateway
import Glibc
import SiteConfig
import Synchronization
import Threads

/// The system's clocks: the one place of the agent that reads the wall clock.
final class SystemTime: TimeSource {
  private let trust: SiteConfiguration.ClockTrust
  private let holdover: Mutex<ClockHoldover>

  init(trust: SiteConfiguration.ClockTrust) {
    self.trust = trust
    let now = Moment(wall: Self.wall, monotonic: .current)
    holdover = Mutex(ClockHoldover(synchronised: Self.lastSynchronised, now: now))
  }

  func now() -> Moment {
    guard trust == .system else { return Moment(wall: Self.wall, monotonic: .current) }
    // Both clocks are read together, so that no other caller's look lies between them.
    return holdover.withLock { holdover in
      let (wall, monotonic) = (Self.wall, MonotonicInstant.current)
      let isTrusted = holdover.isTrusted(Self.isSynchronised, wall: wall, monotonic: monotonic)
      return Moment(wall: wall, monotonic: monotonic, isClockTrusted: isTrusted)
    }
  }

  private static var wall: Timestamp {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    return Timestamp(milliseconds: Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000)
  }

  /// What the kernel says, told to it by chrony or systemd-timesyncd. Where it may not be asked, nobody
  /// vouches for the clock.
  private static var isSynchronised: Bool {
    var state = timex()
    let answer = adjtimex(&state)
    return answer >= 0 && answer != TIME_ERROR && state.status & STA_UNSYNC == 0
  }

  /// When systemd-timesyncd last had an answer in this boot of the machine (systemd-timesyncd.service(8), FILES): an
  /// agent that starts anew in an outage goes on trusting the clock. Nil where another program sets it.
  private static var lastSynchronised: Timestamp? {
    var status = stat()
    guard stat("/run/systemd/timesync/synchronized", &status) == 0 else { return nil }
    return Timestamp(milliseconds: Int64(status.st_mtim.tv_sec) * 1000 + Int64(status.st_mtim.tv_nsec) / 1_000_000)
  }
}
