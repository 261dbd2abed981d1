/// Why a device refuses a request (Modbus Application Protocol 1.1b3, section 7).
public struct ModbusException: RawRepresentable, Error, Hashable, Sendable {
  public var rawValue: UInt8

  public init(rawValue: UInt8) { self.rawValue = rawValue }

  public static let illegalFunction = ModbusException(rawValue: 1)
  public static let illegalDataAddress = ModbusException(rawValue: 2)
  public static let illegalDataValue = ModbusException(rawValue: 3)
  public static let serverDeviceFailure = ModbusException(rawValue: 4)
  public static let serverDeviceBusy = ModbusException(rawValue: 6)
  /// Nobody answers to that unit id.
  public static let gatewayTargetFailed = ModbusException(rawValue: 11)
}
