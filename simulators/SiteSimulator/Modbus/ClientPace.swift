public import EnergyModel

/// When one client may ask again. A device that wants a rest after its answers, or after a connection was made, does not
/// hear what comes sooner; that it was asked too soon costs it no further rest.
public struct ClientPace: Sendable {
  /// What a device wants of its clients.
  public struct Wish: Hashable, Sendable {
    /// From the end of its answer to the next request.
    public var pause: Duration
    /// From the beginning of a connection to its first request; on a serial line nobody connects.
    public var connectDelay: Duration
    /// From the end of another unit's answer on the same bus to a request for this one.
    public var unitPause: Duration

    public init(pause: Duration = .zero, connectDelay: Duration = .zero, unitPause: Duration = .zero) {
      self.pause = pause
      self.connectDelay = connectDelay
      self.unitPause = unitPause
    }
  }

  private let connected: MonotonicInstant?
  /// When each unit has answered.
  private var answered: [UInt8: MonotonicInstant] = [:]

  /// - Parameter connected: nil on a serial line.
  public init(connected: MonotonicInstant?) { self.connected = connected }

  /// Whether a unit hears a request that is there at `now`.
  public func isHeard(_ unit: UInt8, now: MonotonicInstant, wish: Wish) -> Bool {
    if let connected, now - connected < wish.connectDelay { return false }
    if wish.unitPause > .zero,
      answered.contains(where: { other, end in other != unit && now - end < wish.unitPause })
    {
      return false
    }
    // One that wants no pause takes the next request while it still answers.
    guard wish.pause > .zero, let end = answered[unit] else { return true }
    return now - end >= wish.pause
  }

  /// - Parameter end: when the answer has left, or of a request that is not answered, when it was there.
  public mutating func exchanged(_ unit: UInt8, end: MonotonicInstant) { answered[unit] = end }
}
