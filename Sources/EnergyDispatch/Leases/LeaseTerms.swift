/// How a device keeps a setpoint, and how it may be written.
public struct LeaseTerms: Hashable, Sendable {
  /// What the *device* does when its setpoint is no longer refreshed.
  public enum Expiry: String, Hashable, Sendable {
    /// It falls back to a safe value of its own, armed before the first write.
    case safe
    /// It releases the limit.
    case open
    /// It keeps the last value for ever: there is no timer, and the installer has confirmed that it may be written all the
    /// same. The lease is the agent's own.
    case hold
  }

  public var expiry: Expiry
  /// Of registers backed by flash: how many writes they bear a day. They are written on change only. Nil where writing
  /// wears nothing.
  public var writesADay: Int?
  /// How long the device takes to follow a setpoint.
  public var lag: Duration

  public init(expiry: Expiry = .open, writesADay: Int? = nil, lag: Duration = .seconds(1)) {
    self.expiry = expiry
    self.writesADay = writesADay
    self.lag = lag
  }
}
