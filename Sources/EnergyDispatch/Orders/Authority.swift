public import EnergyModel

/// What a destination may ask for besides the channels that are its own. Nothing unless the configuration says so.
public struct Authority: Hashable, Sendable {
  /// The most power of all batteries together, either way, W; nil: none at all.
  public var batteryPower: Double?
  /// Loads that it may have switched off.
  public var shed: [DeviceID]
  /// Whether it may raise the reserve.
  public var mayRaiseReserve: Bool

  public init(batteryPower: Double? = nil, shed: [DeviceID] = [], mayRaiseReserve: Bool = false) {
    self.batteryPower = batteryPower
    self.shed = shed
    self.mayRaiseReserve = mayRaiseReserve
  }
}
