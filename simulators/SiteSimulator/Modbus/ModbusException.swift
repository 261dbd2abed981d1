/// Why a device refuses a request (Modbus Application Protocol 1.1b3, section 7).
public enum ModbusException: UInt8, Error, Hashable, Sendable {
  case illegalFunction = 1
  case illegalDataAddress = 2
  case illegalDataValue = 3
  case serverDeviceFailure = 4
  case serverDeviceBusy = 6
  /// Nobody answers to that unit id.
  case gatewayTargetFailed = 11
}
