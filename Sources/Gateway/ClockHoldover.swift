public import EnergyModel

/// Whether the wall clock may still be trusted although nobody sets it any more.
///
/// The kernel calls a clock unsynchronised some nine hours after the last word of a time server (its error bound grows
/// by 500 ppm up to 16 s, `MAXFREQ` and `NTP_PHASE_LIMIT` of Linux's timex.h), and an outage of the internet may last for days.
/// But a clock that was set runs on: with the rate that it learned from the time server it stays within a few
/// seconds for days, with a plain quartz of 100 ppm within a minute for a week. So it is trusted for that long,
/// unless it jumps. That somebody set it by hand between two processes nobody notices.
public struct ClockHoldover: Sendable {
  public static let longest = Duration.seconds(7 * 86_400)
  /// A clock that moved by more than this against the monotonic one was set by somebody. Being slewed moves both.
  static let slip = Duration.seconds(1)

  private var synchronised: (wall: Timestamp, monotonic: MonotonicInstant)?

  /// - Parameter synchronised: when a time server last set the clock in this boot of the machine, as far as anybody
  ///   knows.
  public init(synchronised: Timestamp? = nil, now: Moment) {
    guard let synchronised, synchronised <= now.wall else { return }
    self.synchronised = (synchronised, now.monotonic - (now.wall - synchronised))
  }

  /// - Parameter isSynchronised: what the kernel says.
  public mutating func isTrusted(_ isSynchronised: Bool, wall: Timestamp, monotonic: MonotonicInstant) -> Bool {
    if isSynchronised {
      synchronised = (wall, monotonic)
      return true
    }
    guard let last = synchronised else { return false }
    let gone = monotonic - last.monotonic
    let jumped = (wall - last.wall) - gone
    guard gone <= Self.longest, abs(jumped.milliseconds) <= Self.slip.milliseconds else {
      synchronised = nil
      return false
    }
    return true
  }
}
