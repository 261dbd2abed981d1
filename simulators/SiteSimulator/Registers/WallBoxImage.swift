/// The registers of a wall box as KEBA's KeContact P30 has them (Modbus TCP Programmers Guide V1.02, failsafe registers as
/// evcc and Tinkerforge's WARP charger have them): 32 bits each, one value a request.
struct WallBoxImage {
  let parameters: WallBoxParameters
  let truth: Truth
  let settings: WallBoxSettings

  /// The two registers at an address that begins a value.
  func registers(at address: Int) -> [UInt16]? {
    value(at: address).map { [UInt16($0 >> 16), UInt16($0 & 0xFFFF)] }
  }

  private func value(at address: Int) -> UInt32? {
    switch address {
    case 1000: state
    case 1004: truth.car.isHere ? 7 : 1
    case 1006: 0
    case 1008, 1010, 1012: Self.thousandths((address - 1008) / 2 < parameters.phases.count ? truth.car.current : 0)
    case 1014: parameters.serial
    // The example of the vendor's guide: KC-P30, 32 A, c-series, with RFID.
    case 1016: 304_111
    case 1020: Self.thousandths(truth.car.power.total)
    case 1036: UInt32(truncatingIfNeeded: Int64((truth.car.energy * 10).rounded()))
    case 1100: Self.thousandths(settings.isFallenBack ? settings.failsafeCurrent : settings.current)
    case 1110: Self.thousandths(parameters.rating)
    case 1600: Self.thousandths(settings.failsafeCurrent)
    case 1602: UInt32(settings.failsafe.seconds)
    default: nil
    }
  }

  /// 1 not ready, 2 waits for the car, 3 charges, 5 suspended.
  private var state: UInt32 {
    if !truth.car.isHere { return 1 }
    if settings.offered == 0 { return 5 }
    return truth.car.current > 0 ? 3 : 2
  }

  private static func thousandths(_ value: Double) -> UInt32 { UInt32(max(0, min(4e9, (value * 1000).rounded()))) }
}

extension WallBoxSettings {
  /// Carries out a write of one register, or refuses it.
  mutating func write(_ value: UInt16, at address: Int, rating: Double) throws(ModbusException) {
    switch address {
    case 5004:
      guard (6000...63_000).contains(value) else { throw .illegalDataValue }
      current = min(rating, Double(value) / 1000)
      isFallenBack = false
    case 5014:
      guard value <= 1 else { throw .illegalDataValue }
      isEnabled = value == 1
      isFallenBack = false
    case 5016:
      guard value == 0 || (6000...63_000).contains(value) else { throw .illegalDataValue }
      failsafeCurrent = min(rating, Double(value) / 1000)
    case 5018:
      guard value <= 600 else { throw .illegalDataValue }
      failsafe.seconds = value
    default: throw .illegalDataAddress
    }
    failsafe.restart()
  }
}
