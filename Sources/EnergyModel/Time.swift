/// A point in wall time: milliseconds since 1970-01-01T00:00:00 UTC. It names records and tariffs;
/// ages, intervals and deadlines never use it. Sums wrap around: a damaged file may hold any number.
public struct Timestamp: Hashable, Comparable, Codable, Sendable, FlatKey {
  public var milliseconds: Int64
  @inlinable public var order: Int { Int(milliseconds) }

  public init(milliseconds: Int64) { self.milliseconds = milliseconds }

  public static func < (a: Timestamp, b: Timestamp) -> Bool { a.milliseconds < b.milliseconds }

  public static func + (a: Timestamp, b: Duration) -> Timestamp {
    Timestamp(milliseconds: a.milliseconds &+ b.milliseconds)
  }

  public static func - (a: Timestamp, b: Duration) -> Timestamp {
    Timestamp(milliseconds: a.milliseconds &- b.milliseconds)
  }

  public static func - (a: Timestamp, b: Timestamp) -> Duration { .milliseconds(a.milliseconds &- b.milliseconds) }
}

/// A point on the monotonic clock of this boot, in nanoseconds. It never jumps, and means nothing
/// outside the running system.
public struct MonotonicInstant: Hashable, Comparable, Sendable {
  public var nanoseconds: Int64

  public init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }

  public static func < (a: MonotonicInstant, b: MonotonicInstant) -> Bool { a.nanoseconds < b.nanoseconds }

  public static func + (a: MonotonicInstant, b: Duration) -> MonotonicInstant {
    MonotonicInstant(nanoseconds: a.nanoseconds + b.nanoseconds)
  }

  public static func - (a: MonotonicInstant, b: Duration) -> MonotonicInstant {
    MonotonicInstant(nanoseconds: a.nanoseconds - b.nanoseconds)
  }

  public static func - (a: MonotonicInstant, b: MonotonicInstant) -> Duration {
    Duration(attoseconds: Int128(a.nanoseconds - b.nanoseconds) &* 1_000_000_000)
  }
}

/// One look at both clocks, and whether the wall clock is known to be synchronised.
public struct Moment: Hashable, Sendable {
  public var wall: Timestamp
  public var monotonic: MonotonicInstant
  /// False while nobody vouches for the wall clock; records then say `"clock":"unsynced"`.
  public var isClockTrusted: Bool

  public init(wall: Timestamp, monotonic: MonotonicInstant, isClockTrusted: Bool = true) {
    self.wall = wall
    self.monotonic = monotonic
    self.isClockTrusted = isClockTrusted
  }
}

/// Where time comes from. The composition root injects the system's clocks, tests a manual one.
public protocol TimeSource: Sendable {
  func now() -> Moment
}

extension Duration {
  /// Whole nanoseconds. Durations here are far below the 292 years that fit.
  public var nanoseconds: Int64 { Int64(attoseconds / 1_000_000_000) }

  /// Whole milliseconds, rounded towards zero.
  public var milliseconds: Int64 { Int64(attoseconds / 1_000_000_000_000_000) }

  /// Seconds as a floating-point number.
  public var seconds: Double {
    let whole = attoseconds / 1_000_000_000_000_000_000
    return Double(Int64(whole)) + Double(Int64(attoseconds &- whole &* 1_000_000_000_000_000_000)) / 1e18
  }
}
