/// Writes integers as bits, least significant first. Signed ones are zigzag: 0, -1, 1, -2, … become 0, 1, 2, 3, …
///
/// - A *magnitude* is 6 bits with the number of its bits, and these bits without the topmost, which is 1; 63 in
///   front stands for all 64 bits.
/// - A *column* is several integers that are mostly small, in Rice's code: 5 bits hold 0 where all are zero, and
///   else `low + 1`; each integer is then a 1 for every `1 << low` in it, a 0, and its lowest `low` bits. Instead of
///   ``mostOnes`` ones follow all its 64 bits. A column of nothing takes nothing.
/// - A *series* is a magnitude for the first integer and a column of the differences of each to the one before.
struct BitWriter {
  static let mostOnes = 24
  static let mostLow = 30

  private var words: [UInt64] = []
  private var waiting: UInt64 = 0
  /// How many bits wait, below 64.
  private var width = 0

  /// - Parameter count: bytes that are expected.
  init(reserving count: Int = 0) { words.reserveCapacity(count / 8 + 1) }

  /// `value` has no more than `count` bits; at most 64.
  mutating func bits(_ value: UInt64, _ count: Int) {
    waiting |= value &<< UInt64(width)
    width += count
    guard width >= 64 else { return }
    words.append(waiting.littleEndian)
    width -= 64
    waiting = width == 0 ? 0 : value &>> UInt64(count - width)
  }

  mutating func magnitude(_ value: UInt64) {
    let length = 64 - value.leadingZeroBitCount
    if length >= 63 {
      bits(63, 6)
      bits(value, 64)
    } else {
      bits(UInt64(length), 6)
      if length > 1 { bits(value ^ (1 &<< UInt64(length - 1)), length - 1) }
    }
  }

  mutating func count(_ value: Int) { magnitude(UInt64(value)) }

  mutating func series<Values: RandomAccessCollection>(_ values: Values)
  where Values.Element == Int64, Values.Index == Int {
    guard let first = values.first else { return }
    magnitude(zigzag(first))
    let second = values.startIndex + 1
    column(count: values.count - 1) { values[second + $0] &- values[second + $0 - 1] }
  }

  mutating func column(_ values: [Int64]) { column(count: values.count) { values[$0] } }

  @inline(__always)
  private mutating func column(count: Int, _ value: (Int) -> Int64) {
    guard count > 0 else { return }
    var sum: UInt64 = 0
    // One that is huge must not make the sum overflow; the code for it is long in any case.
    for index in 0..<count { sum &+= min(zigzag(value(index)), 1 << 40) }
    guard sum > 0 else { return bits(0, 5) }
    // Close to the best for integers that fall off like a bell or an exponential.
    let low = min(64 - (sum / UInt64(2 * count)).leadingZeroBitCount, Self.mostLow)
    bits(UInt64(low + 1), 5)
    for index in 0..<count { rice(zigzag(value(index)), low) }
  }

  private mutating func rice(_ value: UInt64, _ low: Int) {
    let ones = value &>> UInt64(low)
    if ones < UInt64(Self.mostOnes) {
      let rest = value ^ (ones &<< UInt64(low))
      bits((1 &<< ones) &- 1 | rest &<< (ones + 1), Int(ones) + 1 + low)
    } else {
      bits(1 << UInt64(Self.mostOnes) - 1, Self.mostOnes)
      bits(value, 64)
    }
  }

  /// The whole bytes, and their checksum in four more.
  consuming func finished() -> [UInt8] {
    var all: [UInt8] = []
    all.reserveCapacity(words.count * 8 + 12)
    words.withUnsafeBytes { all.append(contentsOf: $0) }
    while width > 0 {
      all.append(UInt8(truncatingIfNeeded: waiting))
      waiting >>= 8
      width -= 8
    }
    withUnsafeBytes(of: Checksum.crc32(all).littleEndian) { all.append(contentsOf: $0) }
    return all
  }
}

/// Reads what ``BitWriter`` wrote. Bits that nobody wrote are answered with an error, never a trap, and what is
/// made of them is no larger than the caller asks for.
struct BitReader {
  private let bytes: [UInt8]
  private let end: Int
  private var next = 0
  private var waiting: UInt64 = 0
  /// How many bits wait; those above are zero.
  private var width = 0

  /// Refuses bytes whose checksum is wrong.
  init(_ bytes: [UInt8]) throws(SegmentDamage) {
    guard bytes.count >= 4 else { throw .truncated }
    self.bytes = bytes
    end = bytes.count - 4
    let stored = (0..<4).reduce(UInt32(0)) { $0 | UInt32(bytes[end + $1]) << UInt32(8 * $1) }
    guard Checksum.crc32(bytes[..<end]) == stored else { throw .wrongChecksum }
  }

  /// Bits that wait are 57 at least, or all that are left.
  private mutating func fill() {
    while width <= 56 && next < end {
      waiting |= UInt64(bytes[next]) &<< UInt64(width)
      width += 8
      next += 1
    }
  }

  /// At most 57 bits.
  private mutating func short(_ count: Int) throws(SegmentDamage) -> UInt64 {
    if width < count { fill() }
    guard width >= count else { throw .truncated }
    defer {
      waiting >>= UInt64(count)
      width -= count
    }
    return waiting & ((1 &<< UInt64(count)) &- 1)
  }

  /// At most 64 bits.
  mutating func bits(_ count: Int) throws(SegmentDamage) -> UInt64 {
    guard count > 32 else { return try short(count) }
    let low = try short(32)
    return low | (try short(count - 32)) << 32
  }

  mutating func magnitude() throws(SegmentDamage) -> UInt64 {
    let length = Int(try short(6))
    if length == 63 { return try bits(64) }
    return length == 0 ? 0 : try bits(length - 1) | 1 << UInt64(length - 1)
  }

  /// A number of things.
  mutating func count(most: Int) throws(SegmentDamage) -> Int {
    let value = try magnitude()
    guard value <= UInt64(most) else { throw .malformed("\(value) things where \(most) may be") }
    return Int(value)
  }

  mutating func series(_ count: Int) throws(SegmentDamage) -> [Int64] {
    var values = [Int64](repeating: 0, count: count)
    try series(into: &values, 0..<count)
    return values
  }

  /// Sets the values of `range`.
  mutating func series(into values: inout [Int64], _ range: Range<Int>) throws(SegmentDamage) {
    guard let first = range.first else { return }
    values[first] = unzigzag(try magnitude())
    try column(into: &values, first + 1..<range.upperBound)
    for index in range.dropFirst() { values[index] &+= values[index - 1] }
  }

  mutating func column(_ count: Int) throws(SegmentDamage) -> [Int64] {
    var values = [Int64](repeating: 0, count: count)
    try column(into: &values, 0..<count)
    return values
  }

  private mutating func column(into values: inout [Int64], _ range: Range<Int>) throws(SegmentDamage) {
    guard !range.isEmpty else { return }
    let low = Int(try short(5)) - 1
    for index in range { values[index] = low < 0 ? 0 : unzigzag(try rice(low)) }
  }

  private mutating func rice(_ low: Int) throws(SegmentDamage) -> UInt64 {
    fill()
    let ones = min((~waiting).trailingZeroBitCount, BitWriter.mostOnes)
    _ = try short(min(ones + 1, BitWriter.mostOnes))
    if ones == BitWriter.mostOnes { return try bits(64) }
    return UInt64(ones) &<< UInt64(low) | (try short(low))
  }

  /// Nothing but the bits that fill the last byte may be left.
  func finish() throws(SegmentDamage) {
    guard next == end, width < 8, waiting == 0 else { throw .malformed("bits that mean nothing") }
  }
}

private func zigzag(_ value: Int64) -> UInt64 { UInt64(bitPattern: (value << 1) ^ (value >> 63)) }

private func unzigzag(_ value: UInt64) -> Int64 { Int64(bitPattern: (value >> 1) ^ (0 &- (value & 1))) }
