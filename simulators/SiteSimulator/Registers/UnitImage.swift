/// What stands behind one unit id: its registers and coils, and what a write does to them. A value: a copy of it is
/// the device as it was.
public protocol UnitImage: Sendable {
  mutating func answer(_ request: ModbusRequest) throws(ModbusException) -> ModbusReply
  /// Time passes: timers run.
  mutating func pass(_ time: Duration)
  /// Takes back what was written since `earlier`, a copy of this image.
  mutating func restoreSettings(of earlier: any UnitImage)
  /// The register behind a point's name, for faults that concern it alone.
  func register(of point: String) -> RegisterTarget?
  /// How long it thinks about an answer.
  var latency: Duration { get }
  /// Whether it takes one client only.
  var isSingleClient: Bool { get }
}
