import Glibc

/// Lays values out in registers, one after the other, high word first.
struct RegisterWriter {
  private(set) var registers: [UInt16] = []

  init(capacity: Int) { registers.reserveCapacity(capacity) }

  /// What SunSpec puts where a point is not implemented.
  enum Absent {
    static let unsigned: UInt16 = 0xFFFF
    static let signed: UInt16 = 0x8000
  }

  mutating func raw(_ words: UInt16...) { registers.append(contentsOf: words) }

  mutating func absent(_ count: Int = 1) { fill(Absent.unsigned, count) }
  mutating func absentSigned(_ count: Int = 1) { fill(Absent.signed, count) }
  mutating func fill(_ word: UInt16, _ count: Int) {
    for _ in 0..<count { registers.append(word) }
  }

  /// A scale factor.
  mutating func factor(_ exponent: Int) { registers.append(UInt16(bitPattern: Int16(exponent))) }

  /// uint16 of `value` / 10^`exponent`, held inside the range so that it is never mistaken for "not implemented".
  mutating func unsigned(_ value: Double, _ exponent: Int = 0) {
    registers.append(UInt16(min(65534, max(0, Self.scaled(value, exponent)))))
  }

  /// int16 of `value` / 10^`exponent`, held inside the range.
  mutating func signed(_ value: Double, _ exponent: Int = 0) {
    registers.append(UInt16(bitPattern: Int16(min(32767, max(-32767, Self.scaled(value, exponent))))))
  }

  mutating func unsigned32(_ value: Double) { words(UInt32(min(4_294_967_294, max(0, value.rounded())))) }

  /// Rolls over, as accumulators do.
  mutating func accumulator(_ wattHours: Double) {
    words(UInt32(truncatingIfNeeded: Int64(max(0, wattHours.rounded()))))
  }

  /// float32, as Eastron's meters answer.
  mutating func float(_ value: Double) { words(Float(value).bitPattern) }

  private mutating func words(_ value: UInt32) {
    registers.append(UInt16(value >> 16))
    registers.append(UInt16(value & 0xFFFF))
  }

  /// Two characters each register, cut or filled with NUL.
  mutating func text(_ text: String, registers count: Int) {
    var bytes = Array(text.utf8.prefix(count * 2))
    while bytes.count < count * 2 { bytes.append(0) }
    for index in 0..<count { registers.append(UInt16(bytes[index * 2]) << 8 | UInt16(bytes[index * 2 + 1])) }
  }

  private static func scaled(_ value: Double, _ exponent: Int) -> Double {
    (value * pow(10, Double(-exponent))).rounded()
  }
}
