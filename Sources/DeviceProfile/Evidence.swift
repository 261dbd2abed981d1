public import EnergyModel

/// Registers as a device sends them, and what they have to mean: a test that a profile carries along.
public struct Evidence: Hashable, Sendable {
  /// Where the registers come from.
  public enum Origin: String, Hashable, Sendable {
    /// An example in a document or a recording that others published; ``Evidence/source`` says where.
    case published
    /// Written down by hand from the facts: it proves the profile against a slip of the pen, not against the device.
    case derived
  }

  /// Registers next to each other.
  public struct Block: Hashable, Sendable {
    public var start: RegisterAddress
    /// Coils and discrete inputs are 0 or 1.
    public var registers: [UInt16]

    public init(start: RegisterAddress, registers: [UInt16]) {
      self.start = start
      self.registers = registers
    }
  }

  /// What a point reads.
  public enum Expected: Hashable, Sendable {
    case value(Double)
    case bad(Quality)
  }

  public var origin: Origin
  public var source: String?
  public var blocks: [Block]
  /// What the points have to read.
  public var points: [Point: Expected]
  /// A command, and ...
  public var asked: [SetpointKind: Double]
  /// What the site lets a charger fall back to, A, where the command writes that along.
  public var failsafeCurrent: Double?
  /// ... the transfers that it has to become, in order; nil where nothing is asked.
  public var written: [Block]?

  public init(
    origin: Origin, source: String? = nil, blocks: [Block], points: [Point: Expected] = [:],
    asked: [SetpointKind: Double] = [:], failsafeCurrent: Double? = nil, written: [Block]? = nil
  ) {
    self.origin = origin
    self.source = source
    self.blocks = blocks
    self.points = points
    self.asked = asked
    self.failsafeCurrent = failsafeCurrent
    self.written = written
  }
}
