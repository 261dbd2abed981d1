/// Writes integers in as few bytes as they need: seven bits a byte, least significant first, the
/// top bit says that more follow.
struct ByteWriter {
  private(set) var bytes: [UInt8] = []

  mutating func unsigned(_ value: UInt64) {
    var rest = value
    while rest >= 0x80 {
      bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    bytes.append(UInt8(rest))
  }

  mutating func count(_ value: Int) { unsigned(UInt64(value)) }

  /// Zigzag: small magnitudes of either sign take few bytes.
  mutating func signed(_ value: Int64) { unsigned(UInt64(bitPattern: (value << 1) ^ (value >> 63))) }

  mutating func raw(_ more: some Sequence<UInt8>) { bytes.append(contentsOf: more) }
}

/// Reads what ``ByteWriter`` wrote. Bytes that nobody wrote are answered with an error, never a trap.
struct ByteReader {
  private let bytes: [UInt8]
  private var position = 0

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  var remaining: Int { bytes.count - position }

  mutating func unsigned() throws(SegmentDamage) -> UInt64 {
    var value: UInt64 = 0
    var shift: UInt64 = 0
    while position < bytes.count {
      let byte = bytes[position]
      position += 1
      if shift == 63 && byte > 1 { throw .malformed("an integer is too long") }
      value |= UInt64(byte & 0x7F) << shift
      if byte < 0x80 { return value }
      shift += 7
      if shift > 63 { throw .malformed("an integer is too long") }
    }
    throw .truncated
  }

  mutating func signed() throws(SegmentDamage) -> Int64 {
    let value = try unsigned()
    return Int64(bitPattern: (value >> 1) ^ (0 &- (value & 1)))
  }

  /// A number of things that take at least one byte each, so that garbage cannot ask for much memory.
  mutating func count() throws(SegmentDamage) -> Int {
    let value = try unsigned()
    guard value <= UInt64(remaining) else { throw .truncated }
    return Int(value)
  }

  /// An index below `limit`.
  mutating func index(below limit: Int) throws(SegmentDamage) -> Int {
    let value = try unsigned()
    guard value < UInt64(limit) else { throw .malformed("an index of \(value) where \(limit) things are") }
    return Int(value)
  }

  mutating func raw(_ count: Int) throws(SegmentDamage) -> ArraySlice<UInt8> {
    guard count >= 0, count <= remaining else { throw .truncated }
    defer { position += count }
    return bytes[position..<position + count]
  }
}
