/// How bits in registers make a number. The simulator has a coding of its own, so that a mistake in the agent's
/// shows.
public enum WireType: String, CaseIterable, Hashable, Sendable {
  case uint16, int16, uint32, int32, uint64, int64, float32, float64
  /// SunSpec's accumulators.
  case acc32, acc64

  /// Number of registers.
  public var width: Int {
    switch self {
    case .uint16, .int16: 1
    case .uint32, .int32, .float32, .acc32: 2
    case .uint64, .int64, .float64, .acc64: 4
    }
  }

  /// What SunSpec puts where a point is not implemented.
  public var absent: UInt64 {
    switch self {
    case .uint16: 0xFFFF
    case .int16: 0x8000
    case .uint32: 0xFFFF_FFFF
    case .int32: 0x8000_0000
    case .uint64: .max
    case .int64: 0x8000_0000_0000_0000
    case .float32: 0x7FC0_0000
    case .float64: 0x7FF8_0000_0000_0000
    case .acc32, .acc64: 0
    }
  }

  /// What the type can hold.
  public var range: ClosedRange<Double> {
    switch self {
    case .uint16: 0...65_535
    case .int16: -32_768...32_767
    case .uint32, .acc32: 0...4_294_967_295
    case .int32: -2_147_483_648...2_147_483_647
    // The greatest doubles below 2^64 and 2^63.
    case .uint64, .acc64: 0...18_446_744_073_709_549_568
    case .int64: -9_223_372_036_854_775_808...9_223_372_036_854_774_784
    case .float32: -Double(Float.greatestFiniteMagnitude)...Double(Float.greatestFiniteMagnitude)
    case .float64: -Double.greatestFiniteMagnitude...Double.greatestFiniteMagnitude
    }
  }

  public func number(_ bits: UInt64) -> Double {
    switch self {
    case .uint16, .uint32, .uint64, .acc32, .acc64: Double(bits)
    case .int16: Double(Int16(truncatingIfNeeded: bits))
    case .int32: Double(Int32(truncatingIfNeeded: bits))
    case .int64: Double(Int64(bitPattern: bits))
    case .float32: Double(Float(bitPattern: UInt32(truncatingIfNeeded: bits)))
    case .float64: Double(bitPattern: bits)
    }
  }

  /// Held inside the range; whole where the type is whole.
  public func bits(_ number: Double) -> UInt64 {
    switch self {
    case .float32: return UInt64(Float(number).bitPattern)
    case .float64: return number.bitPattern
    default: break
    }
    let held = min(max(number.isNaN ? 0 : number.rounded(), range.lowerBound), range.upperBound)
    guard held < 0 else { return UInt64(held) }
    return UInt64(bitPattern: Int64(held)) & (type(of: self).mask(width))
  }

  private static func mask(_ width: Int) -> UInt64 { width == 4 ? .max : (1 << (16 * UInt64(width))) - 1 }
}
