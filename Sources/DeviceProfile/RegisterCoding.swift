// Between registers, raw bit patterns and numbers.

extension RegisterType {
  /// The pattern that SunSpec reserves for "not implemented"; nil for types that have none. Accumulators
  /// and floats are dealt with in ``number(_:)``.
  var sunSpecNotImplemented: UInt64? {
    switch self {
    case .int16: 0x8000
    case .uint16: 0xFFFF
    case .int32: 0x8000_0000
    case .uint32: 0xFFFF_FFFF
    case .int64: 0x8000_0000_0000_0000
    case .uint64: 0xFFFF_FFFF_FFFF_FFFF
    case .float32, .float64, .acc32, .acc64, .bit: nil
    }
  }

  /// The number that a bit pattern stands for; nil where it stands for none: NaN, infinities, and an
  /// accumulator that never accumulated.
  func number(_ bits: UInt64) -> Double? {
    switch self {
    case .uint16, .uint32, .uint64: return Double(bits)
    case .int16: return Double(Int16(truncatingIfNeeded: bits))
    case .int32: return Double(Int32(truncatingIfNeeded: bits))
    case .int64: return Double(Int64(bitPattern: bits))
    case .bit: return bits == 0 ? 0 : 1
    case .acc32, .acc64: return bits == 0 ? nil : Double(bits)
    case .float32:
      let value = Float(bitPattern: UInt32(truncatingIfNeeded: bits))
      return value.isFinite ? Double(value) : nil
    case .float64:
      let value = Double(bitPattern: bits)
      return value.isFinite ? value : nil
    }
  }

  /// The bit pattern of a number, rounded to a whole one where the type is whole; nil when it does not fit.
  func bits(of number: Double) -> UInt64? {
    guard number.isFinite else { return nil }
    let whole = number.rounded()
    switch self {
    case .uint16: return UInt16(exactly: whole).map(UInt64.init)
    case .uint32, .acc32: return UInt32(exactly: whole).map(UInt64.init)
    case .uint64, .acc64: return UInt64(exactly: whole)
    case .int16: return Int16(exactly: whole).map { UInt64(UInt16(bitPattern: $0)) }
    case .int32: return Int32(exactly: whole).map { UInt64(UInt32(bitPattern: $0)) }
    case .int64: return Int64(exactly: whole).map(UInt64.init(bitPattern:))
    case .bit: return whole == 0 || whole == 1 ? UInt64(whole) : nil
    case .float32:
      let value = Float(number)
      return value.isFinite ? UInt64(value.bitPattern) : nil
    case .float64: return number.bitPattern
    }
  }
}

extension WordOrder {
  @inline(__always)
  func bits(_ registers: UnsafeBufferPointer<UInt16>, at offset: Int, width: Int) -> UInt64 {
    var bits: UInt64 = 0
    switch self {
    case .highFirst: for index in 0..<width { bits = bits << 16 | UInt64(registers[offset + index]) }
    case .lowFirst: for index in 0..<width { bits |= UInt64(registers[offset + index]) << (16 * UInt64(index)) }
    }
    return bits
  }

  func registers(_ bits: UInt64, width: Int) -> [UInt16] {
    let lowFirst = (0..<width).map { UInt16(truncatingIfNeeded: bits >> (16 * UInt64($0))) }
    return self == .lowFirst ? lowFirst : lowFirst.reversed()
  }
}

extension TextField {
  /// The text that the registers stand for; nil when there is none.
  public func text(in registers: [UInt16]) -> String? {
    guard isNumber else { return Self.text(registers) }
    guard (1...4).contains(registers.count) else { return nil }
    let number = registers.reduce(UInt64(0)) { $0 << 16 | UInt64($1) }
    return number == 0 ? nil : String(number)
  }

  /// The text in the registers without its padding; nil when there is none.
  public static func text(_ registers: [UInt16]) -> String? {
    let bytes = registers.flatMap { [UInt8($0 >> 8), UInt8($0 & 0xFF)] }
    let end = bytes.firstIndex(of: 0) ?? bytes.endIndex
    let characters = bytes[..<end]
    guard characters.allSatisfy({ (0x20...0x7E).contains($0) }) else { return nil }
    let first = characters.firstIndex { $0 != 0x20 } ?? end
    let last = characters.lastIndex { $0 != 0x20 } ?? first
    return first < end ? String(decoding: characters[first...last], as: UTF8.self) : nil
  }
}
