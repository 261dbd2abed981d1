/// What one kind of Modbus device is like, as data: where its points are, how it wants to be read, what
/// can be asked of it and what it does when nobody asks any more. Users add one without building anything.
///
/// Vendors' signs are turned round here and nowhere else (see ``EnergyModel/Quantity``).
public struct DeviceProfile: Hashable, Sendable {
  /// As the configuration names it, such as `eastron-sdm630`.
  public var name: String
  public var title: String
  /// The document or project the register facts come from.
  public var source: String
  public var confidence: Confidence
  /// True when points are addressed by SunSpec model and the model chain is discovered first.
  public var isSunSpec: Bool
  /// The unit id where the vendor fixes it; nil where the installer chooses.
  public var unit: Int?
  public var connection: ConnectionRules
  public var reading: ReadingRules
  public var points: [PointDefinition]
  /// Where the serial number is; nil where the device reports none.
  public var serial: TextField?
  public var identity: DeviceIdentity
  public var commands: [CommandDefinition]
  /// What it wants to see while it is controlled; nil where it wants nothing.
  public var heartbeat: Heartbeat?
  /// How long the device takes to follow a setpoint.
  public var lag: Duration
  /// Registers and what they have to mean: the profile's own test.
  public var evidence: [Evidence]

  public init(
    name: String, title: String, source: String, confidence: Confidence, isSunSpec: Bool = false,
    unit: Int? = nil, connection: ConnectionRules = ConnectionRules(), reading: ReadingRules = ReadingRules(),
    points: [PointDefinition], serial: TextField? = nil, identity: DeviceIdentity = DeviceIdentity(),
    commands: [CommandDefinition] = [], lag: Duration = .seconds(1), evidence: [Evidence] = []
  ) {
    self.name = name
    self.title = title
    self.source = source
    self.confidence = confidence
    self.isSunSpec = isSunSpec
    self.unit = unit
    self.connection = connection
    self.reading = reading
    self.points = points
    self.serial = serial
    self.identity = identity
    self.commands = commands
    self.lag = lag
    self.evidence = evidence
  }

  /// How far the register facts can be relied on.
  public enum Confidence: String, Hashable, Sendable {
    /// Read in the vendor's own document or code.
    case vendor
    /// Two independent projects agree.
    case independent
    /// One project says so.
    case single
  }
}
