import CSystemd
import EnergyModel
import Glibc
import SiteConfig
import Threads

/// The system's clocks: the one place of the agent that reads the wall clock.
struct SystemTime: TimeSource {
  let trust: SiteConfiguration.ClockTrust

  func now() -> Moment {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    let milliseconds = Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
    return Moment(
      wall: Timestamp(milliseconds: milliseconds), monotonic: .current,
      isClockTrusted: trust == .declared || isSynchronised)
  }

  /// What the kernel says, told to it by chrony or systemd-timesyncd. Where it may not be asked, nobody
  /// vouches for the clock.
  private var isSynchronised: Bool {
    var state = timex()
    let answer = adjtimex(&state)
    return answer >= 0 && answer != TIME_ERROR && state.status & STA_UNSYNC == 0
  }
}
