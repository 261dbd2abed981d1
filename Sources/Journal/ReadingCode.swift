import EnergyModel

/// Quality and presence of a value as one small number, and the value as an integer.
struct ReadingCode {
  var quality: Quality
  var hasValue: Bool

  /// On disk for ever: append, never renumber.
  private static let qualities: [Quality] = [
    .good, .timeout, .exception, .notImplemented, .outOfRange, .frozen, .stale,
  ]

  init(_ reading: Reading) {
    hasValue = Self.scaled(reading) != nil
    // A good value that no integer holds (not a number, beyond 64 bits) cannot be true.
    quality = reading.quality == .good && reading.value != nil && !hasValue ? .outOfRange : reading.quality
  }

  init(number: UInt64) throws(SegmentDamage) {
    guard number < 32, Int(number & 15) < Self.qualities.count else { throw .malformed("a quality of \(number)") }
    quality = Self.qualities[Int(number & 15)]
    hasValue = number & 16 != 0
  }

  var number: UInt64 { UInt64(Self.qualities.firstIndex(of: quality) ?? 0) + (hasValue ? 16 : 0) }
  var isUnremarkable: Bool { quality == .good && hasValue }

  /// A good reading with a value.
  static let unremarkable = ReadingCode(quality: .good, hasValue: true)

  private init(quality: Quality, hasValue: Bool) {
    self.quality = quality
    self.hasValue = hasValue
  }

  /// By what a value of the point is multiplied to be an integer.
  static func power(of point: Point) -> Double {
    switch point.decimals {
    case 0: 1
    case 1: 10
    case 2: 100
    default: 1000
    }
  }

  /// The value in units of the point's resolution, rounded half away from zero; nil where there is none.
  static func scaled(_ reading: Reading) -> Int64? { scaled(reading.value, power: power(of: reading.point)) }

  static func scaled(_ value: Double?, power: Double) -> Int64? {
    guard let value else { return nil }
    let scaled = value * power
    guard scaled.magnitude < 4e18 else { return nil }
    // As `rounded()` does, without a call into the library of mathematics: what is cut off is exact.
    let whole = Int64(scaled)
    let rest = scaled - Double(whole)
    return whole + (rest >= 0.5 ? 1 : rest <= -0.5 ? -1 : 0)
  }

  static func value(_ scaled: Int64, of point: Point) -> Double { Double(scaled) / power(of: point) }
}
