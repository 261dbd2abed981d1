/// One transfer to a device.
public struct EncodedWrite: Hashable, Sendable {
  /// Registers, and what has to stand in them.
  public struct Expectation: Hashable, Sendable {
    public var block: ReadBlock
    public var registers: [UInt16]

    public init(_ space: RegisterSpace, _ address: Int, _ registers: [UInt16]) {
      block = ReadBlock(space: space, start: address, count: registers.count)
      self.registers = registers
    }
  }

  /// Holding or coil.
  public var space: RegisterSpace
  public var address: Int
  /// Coils are 0 or 1.
  public var registers: [UInt16]
  public var function: RegisterWrite.Function
  /// What the device shows once it took the write; nil where nothing shows it.
  public var readBack: Expectation?
  /// Left out where ``readBack`` holds already.
  public var isKept: Bool
  /// A timer of the device, which has to be there before what relies on it is written.
  public var isTimer: Bool
  /// Left out where one of these holds.
  public var unless: [Expectation]
  /// Left out while the last such write is younger.
  public var every: Duration?

  public init(space: RegisterSpace, address: Int, registers: [UInt16]) {
    self.init(
      space: space, address: address, registers: registers, readBack: Expectation(space, address, registers))
  }

  init(
    space: RegisterSpace, address: Int, registers: [UInt16], function: RegisterWrite.Function = .multiple,
    readBack: Expectation?, isKept: Bool = false, isTimer: Bool = false, unless: [Expectation] = [],
    every: Duration? = nil
  ) {
    self.space = space
    self.address = address
    self.registers = registers
    self.function = function
    self.readBack = readBack
    self.isKept = isKept
    self.isTimer = isTimer
    self.unless = unless
    self.every = every
  }
}
