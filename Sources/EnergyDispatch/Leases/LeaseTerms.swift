public import EnergyModel

/// How a device keeps a setpoint, and how it may be written.
public struct LeaseTerms: Hashable, Sendable {
  public var expiry: SetpointExpiry
  /// Of registers backed by flash: how many writes they bear a day. They are written on change only. Nil where writing
  /// wears nothing.
  public var writesADay: Int?
  /// How long the device takes to follow a setpoint.
  public var lag: Duration

  public init(expiry: SetpointExpiry = .open, writesADay: Int? = nil, lag: Duration = .seconds(1)) {
    self.expiry = expiry
    self.writesADay = writesADay
    self.lag = lag
  }
}
