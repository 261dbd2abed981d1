public import EnergyModel

/// What measures.
extension SiteParameters {
  /// The meter at the connection point.
  public struct GridMeter: Hashable, Sendable {
    public var device: DeviceID
    /// Readings older than this count as unknown.
    public var maximumAge: Duration

    public init(device: DeviceID, maximumAge: Duration = .seconds(5)) {
      self.device = device
      self.maximumAge = maximumAge
    }
  }

  /// A meter below the one at the connection. What it measures is a part of what its parent measures.
  public struct SubMeter: Hashable, Sendable {
    public var device: DeviceID
    /// The meter above it.
    public var parent: DeviceID
    /// The consumer or source whose power it tells; nil where it measures a part of the house.
    public var measures: DeviceID?
    public var maximumAge: Duration

    public init(device: DeviceID, parent: DeviceID, measures: DeviceID?, maximumAge: Duration = .seconds(5)) {
      self.device = device
      self.parent = parent
      self.measures = measures
      self.maximumAge = maximumAge
    }
  }
}
