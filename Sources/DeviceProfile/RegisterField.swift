/// The four address spaces of Modbus.
public enum RegisterSpace: String, Hashable, Sendable {
  case holding, input, coil, discrete
}

/// Where a register is.
public enum RegisterAddress: Hashable, Sendable {
  /// 0-based, as on the wire.
  case absolute(RegisterSpace, Int)
  /// In a SunSpec model; holding space.
  case sunSpec(SunSpecAddress)

  /// An offset within the first model of that id.
  public static func sunSpec(model: Int, offset: Int) -> RegisterAddress {
    .sunSpec(SunSpecAddress(models: [model], offset: offset))
  }

  /// Whether it stands for as many registers as the device has models or repetitions.
  public var isEach: Bool { if case .sunSpec(let address) = self { address.isEach } else { false } }
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
  /// 10^(value of a register with the exponent, int16) × `times`. A missing factor makes the value bad: it
  /// is never taken for 0.
  case factor(RegisterAddress, times: Double)
}

/// One number in a device's registers.
public struct RegisterField: Hashable, Sendable {
  public var address: RegisterAddress
  public var type: RegisterType
  public var order: WordOrder
  public var scale: Scale
  /// Added after scaling, in the point's unit: some devices move their zero.
  public var plus: Double
  /// Raw patterns, besides SunSpec's own, that mean "not implemented", as unsigned bits of the type's width.
  public var notImplemented: Set<UInt64>
  /// The bits that count, moved down to the lowest; nil for the whole number.
  public var mask: UInt64?
  /// What raw numbers stand for; every other is out of range. Empty where the number itself is the value.
  public var values: [UInt64: Double]

  public init(
    address: RegisterAddress, type: RegisterType, order: WordOrder = .highFirst, scale: Scale = .literal(1),
    plus: Double = 0, notImplemented: Set<UInt64> = [], mask: UInt64? = nil, values: [UInt64: Double] = [:]
  ) {
    self.address = address
    self.type = type
    self.order = order
    self.scale = scale
    self.plus = plus
    self.notImplemented = notImplemented
    self.mask = mask
    self.values = values
  }
}

/// Text in registers, two characters each, padded with NUL, or a number that is taken as its decimal digits.
public struct TextField: Hashable, Sendable {
  public var address: RegisterAddress
  /// Number of registers.
  public var length: Int
  /// True where the registers hold an unsigned number, high word first.
  public var isNumber: Bool

  public init(address: RegisterAddress, length: Int, isNumber: Bool = false) {
    self.address = address
    self.length = length
    self.isNumber = isNumber
  }
}
