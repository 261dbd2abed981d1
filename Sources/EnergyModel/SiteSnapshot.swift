/// The last that is known of one point: for display the last value stays, marked by its quality.
public struct Observation: Hashable, Sendable {
  /// The newest value that was ever good, in the point's unit.
  public var value: Double?
  /// Of the newest reading, which may be a failed one.
  public var quality: Quality
  /// When `value` was measured; nil while there is none.
  public var measured: Moment?

  public init(value: Double?, quality: Quality, measured: Moment?) {
    self.value = value
    self.quality = quality
    self.measured = measured
  }
}

/// Everything that is known of the site, frozen for one control cycle.
public struct SiteSnapshot: Sendable {
  public var now: Moment
  public var observations: FlatMap<DeviceID, PointMap<Observation>>

  public init(now: Moment, observations: FlatMap<DeviceID, PointMap<Observation>> = [:]) {
    self.now = now
    self.observations = observations
  }

  public func observation(_ device: DeviceID, _ point: Point) -> Observation? { observations[device]?[point] }

  /// A value good enough to act on: measured well and not longer ago than `maximumAge` on the
  /// monotonic clock. Nil means unknown, which for protection is the worst case.
  public func value(_ device: DeviceID, _ point: Point, maximumAge: Duration) -> Double? {
    guard let found = observations[device]?[point], found.quality == .good, let measured = found.measured,
      now.monotonic - measured.monotonic <= maximumAge
    else { return nil }
    return found.value
  }
}
