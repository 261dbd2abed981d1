public import DeviceProfile

/// Registers as somebody recorded them: they can be read, and nothing changes them.
public struct RecordedImage: UnitImage {
  private var cells = RegisterCells()

  public init() {}

  /// Coils and discrete inputs are 0 or 1.
  public mutating func record(_ words: [UInt16], at address: Int, _ space: RegisterSpace) {
    cells.set(words, at: CellPlace(space: space, address: address))
  }

  public mutating func answer(_ request: ModbusRequest) throws(ModbusException) -> ModbusReply {
    try cells.read(request)
  }

  /// The profile that knows its points is the client's.
  public func register(of point: String) -> RegisterTarget? { nil }
}
