public import EnergyModel

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
  public var reading: ReadingRules
  public var points: [PointDefinition]
  /// Where the serial number is; nil where the device reports none.
  public var serial: TextField?
  public var commands: [CommandDefinition]
  /// How long the device takes to follow a setpoint.
  public var lag: Duration

  public init(
    name: String, title: String, source: String, confidence: Confidence, isSunSpec: Bool = false,
    reading: ReadingRules = ReadingRules(), points: [PointDefinition], serial: TextField? = nil,
    commands: [CommandDefinition] = [], lag: Duration = .seconds(1)
  ) {
    self.name = name
    self.title = title
    self.source = source
    self.confidence = confidence
    self.isSunSpec = isSunSpec
    self.reading = reading
    self.points = points
    self.serial = serial
    self.commands = commands
    self.lag = lag
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

/// How a device wants to be read.
public struct ReadingRules: Hashable, Sendable {
  /// Most registers in one request, 1...125.
  public var maximumRegisters: Int
  /// Unwanted registers that may be read to join two wanted ones into one request.
  public var maximumGap: Int
  /// Pause between two requests.
  public var pause: Duration
  /// The deadline of one answer.
  public var timeout: Duration

  public init(
    maximumRegisters: Int = 125, maximumGap: Int = 8, pause: Duration = .zero, timeout: Duration = .seconds(1)
  ) {
    self.maximumRegisters = maximumRegisters
    self.maximumGap = maximumGap
    self.pause = pause
    self.timeout = timeout
  }
}

/// The four address spaces of Modbus.
public enum RegisterSpace: String, Hashable, Sendable {
  case holding, input, coil, discrete
}

/// Where a register is.
public enum RegisterAddress: Hashable, Sendable {
  /// 0-based, as on the wire.
  case absolute(RegisterSpace, Int)
  /// An offset within a SunSpec model, counted from its ID register (ID = 0, L = 1); holding space.
  case sunSpec(model: Int, offset: Int)
}

/// How the bits of one or more registers make a number.
public enum RegisterType: String, Hashable, Sendable {
  case uint16, int16, uint32, int32, uint64, int64, float32, float64
  /// SunSpec accumulators: zero means that nothing was accumulated, and they roll over.
  case acc32, acc64
  /// A coil or discrete input.
  case bit

  /// Whether it holds numbers below zero.
  public var isSigned: Bool {
    switch self {
    case .int16, .int32, .int64, .float32, .float64: true
    case .uint16, .uint32, .uint64, .acc32, .acc64, .bit: false
    }
  }

  /// Number of registers (or of coils).
  public var width: Int {
    switch self {
    case .uint16, .int16, .bit: 1
    case .uint32, .int32, .float32, .acc32: 2
    case .uint64, .int64, .float64, .acc64: 4
    }
  }
}

/// Order of the 16-bit words of a wider value; bytes inside a word are always big-endian.
public enum WordOrder: String, Hashable, Sendable {
  case highFirst = "high-first"
  case lowFirst = "low-first"
}

/// From the raw number to the point's unit.
public enum Scale: Hashable, Sendable {
  case literal(Double)
  /// 10^(value of a SunSpec scale-factor register) × `times`. A missing factor makes the value bad: it
  /// is never taken for 0.
  case factor(RegisterAddress, times: Double)
}

/// One number in a device's registers.
public struct RegisterField: Hashable, Sendable {
  public var address: RegisterAddress
  public var type: RegisterType
  public var order: WordOrder
  public var scale: Scale
  /// Raw patterns, besides SunSpec's own, that mean "not implemented", as unsigned bits of the type's width.
  public var notImplemented: Set<UInt64>

  public init(
    address: RegisterAddress, type: RegisterType, order: WordOrder = .highFirst, scale: Scale = .literal(1),
    notImplemented: Set<UInt64> = []
  ) {
    self.address = address
    self.type = type
    self.order = order
    self.scale = scale
    self.notImplemented = notImplemented
  }
}

/// Text in registers, two characters each, padded with NUL.
public struct TextField: Hashable, Sendable {
  public var address: RegisterAddress
  /// Number of registers.
  public var length: Int

  public init(address: RegisterAddress, length: Int) {
    self.address = address
    self.length = length
  }
}

/// One point: the sum of signed fields (a hybrid may count charging and discharging separately).
public struct PointDefinition: Hashable, Sendable {
  public struct Term: Hashable, Sendable {
    public var field: RegisterField
    /// +1 or −1: turns the vendor's sign into ours.
    public var sign: Double

    public init(_ field: RegisterField, sign: Double = 1) {
      self.field = field
      self.sign = sign
    }
  }

  public var point: Point
  public var terms: [Term]
  /// Narrows ``EnergyModel/Point/plausibleRange``.
  public var range: ClosedRange<Double>?

  public init(_ point: Point, _ terms: [Term], range: ClosedRange<Double>? = nil) {
    self.point = point
    self.terms = terms
    self.range = range
  }
}

/// What can be asked of a device: setpoints that it takes together.
public struct CommandDefinition: Hashable, Sendable {
  /// What the *device* does when a setpoint is no longer refreshed.
  public enum Expiry: String, Hashable, Sendable {
    /// Falls back to a safe value of its own.
    case safe
    /// Releases the limit.
    case open
    /// Keeps the last value for ever.
    case hold
  }

  public var name: String
  public var parameters: [SetpointKind]
  public var onExpiry: Expiry
  /// The device's own timer, written along as ``WriteValue/reversionTime``; nil where it has none.
  public var reversion: Duration?
  /// In this order, each as one transfer.
  public var writes: [RegisterWrite]

  public init(
    name: String, parameters: [SetpointKind], onExpiry: Expiry, reversion: Duration?, writes: [RegisterWrite]
  ) {
    self.name = name
    self.parameters = parameters
    self.onExpiry = onExpiry
    self.reversion = reversion
    self.writes = writes
  }
}

/// Consecutive registers (or one coil) written in one transfer, and read back afterwards.
public struct RegisterWrite: Hashable, Sendable {
  public var start: RegisterAddress
  public var values: [WriteValue]

  public init(start: RegisterAddress, values: [WriteValue]) {
    self.start = start
    self.values = values
  }
}

/// One value of a write.
public enum WriteValue: Hashable, Sendable {
  case constant(UInt16)
  /// The device's reversion time in whole seconds, one register.
  case reversionTime
  /// A setpoint. With `percentOf`, the setpoint in watts is written as percent of that field's value,
  /// held within 0...100. `field.address` is ignored: the position follows from the write.
  case parameter(SetpointKind, field: RegisterField, percentOf: RegisterField?)
}
