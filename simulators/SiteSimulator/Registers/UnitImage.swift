public import EnergyModel

/// What stands behind one unit id: its registers and coils, and what a write does to them. A value: a copy of it is
/// the device as it was.
public protocol UnitImage: Sendable {
  mutating func answer(_ request: ModbusRequest) throws(ModbusException) -> ModbusReply
  /// Whether it does not answer such a request at all.
  func isSilent(to request: ModbusRequest) -> Bool
  /// Time passes: timers run.
  mutating func pass(_ time: Duration)
  /// The device measures anew. Nil takes a value away; what is not named stays.
  mutating func take(_ values: [Point: Double?])
  /// Takes back what was written since `earlier`, a copy of this image.
  mutating func restoreSettings(of earlier: any UnitImage)
  /// The register behind a point's name, for faults that concern it alone.
  func register(of point: String) -> RegisterTarget?
  /// How long it thinks about an answer.
  var latency: Duration { get }
  /// How many clients it serves at once.
  var mostClients: Int { get }
  /// After so long without a request it closes the connection; nil where nobody says.
  var idleClose: Duration? { get }
  /// How much time it wants between requests.
  var pace: ClientPace.Wish { get }
}

extension UnitImage {
  public func isSilent(to request: ModbusRequest) -> Bool { false }
  public mutating func pass(_ time: Duration) {}
  public mutating func take(_ values: [Point: Double?]) {}
  public mutating func restoreSettings(of earlier: any UnitImage) {}
  public var latency: Duration { .milliseconds(5) }
  public var mostClients: Int { 16 }
  public var idleClose: Duration? { nil }
  public var pace: ClientPace.Wish { ClientPace.Wish() }
}
