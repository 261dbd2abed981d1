/// Writes JSON piece by piece. It exists because the order of keys and the exact decimals of values
/// are part of the wire contract, and because pure parts carry no Foundation.
public struct JSONText: Sendable {
  /// UTF-8.
  public private(set) var bytes: [UInt8] = []
  private var needsComma = false

  public init() { bytes.reserveCapacity(256) }

  public var text: String { String(decoding: bytes, as: UTF8.self) }

  public mutating func object(_ body: (inout JSONText) -> Void) { nest(UInt8(ascii: "{"), UInt8(ascii: "}"), body) }
  public mutating func array(_ body: (inout JSONText) -> Void) { nest(UInt8(ascii: "["), UInt8(ascii: "]"), body) }

  public mutating func key(_ name: String) {
    separate()
    quote(name)
    bytes.append(UInt8(ascii: ":"))
    needsComma = false
  }

  public mutating func value(_ string: String) {
    separate()
    quote(string)
  }

  @inlinable public mutating func value(_ integer: some BinaryInteger) {
    value(isNegative: integer < 0, UInt64(integer.magnitude))
  }

  @usableFromInline mutating func value(isNegative: Bool, _ magnitude: UInt64) {
    separate()
    if isNegative { bytes.append(UInt8(ascii: "-")) }
    append(digitsOf: magnitude)
  }

  public mutating func value(_ flag: Bool) {
    separate()
    append(flag ? "true" : "false")
  }

  /// A number with at most `decimals` places and no trailing zeros. Not finite becomes null: a missing
  /// value is never zero.
  public mutating func value(_ number: Double, decimals: Int) {
    separate()
    append(number, decimals)
  }

  public mutating func null() {
    separate()
    append("null")
  }

  /// Text that is JSON already.
  public mutating func raw(_ json: String) {
    separate()
    append(json)
  }

  /// Ends a line of JSON lines: what follows is a text of its own.
  public mutating func endLine() {
    bytes.append(UInt8(ascii: "\n"))
    needsComma = false
  }

  private mutating func nest(_ open: UInt8, _ close: UInt8, _ body: (inout JSONText) -> Void) {
    separate()
    bytes.append(open)
    needsComma = false
    body(&self)
    bytes.append(close)
    needsComma = true
  }

  private mutating func separate() {
    if needsComma { bytes.append(UInt8(ascii: ",")) }
    needsComma = true
  }

  private mutating func append(_ string: String) { bytes.append(contentsOf: string.utf8) }

  private mutating func quote(_ string: String) {
    var string = string
    string.withUTF8 { text in
      // Nearly every name and text goes as it is.
      if text.allSatisfy({ $0 >= 0x20 && $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "\\") }) {
        bytes.append(UInt8(ascii: "\""))
        bytes.append(contentsOf: text)
        bytes.append(UInt8(ascii: "\""))
      } else {
        escape(text)
      }
    }
  }

  private mutating func escape(_ text: UnsafeBufferPointer<UInt8>) {
    bytes.append(UInt8(ascii: "\""))
    for byte in text {
      switch byte {
      case UInt8(ascii: "\""): append("\\\"")
      case UInt8(ascii: "\\"): append("\\\\")
      case UInt8(ascii: "\n"): append("\\n")
      case UInt8(ascii: "\r"): append("\\r")
      case UInt8(ascii: "\t"): append("\\t")
      case ..<0x20:
        let hex = String(byte, radix: 16)
        append("\\u" + String(repeating: "0", count: 4 - hex.count) + hex)
      default: bytes.append(byte)
      }
    }
    bytes.append(UInt8(ascii: "\""))
  }

  /// At least `width` of them, which is no more than 20.
  private mutating func append(digitsOf number: UInt64, width: Int = 1) {
    withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 20) { digits in
      var start = digits.count
      var rest = number
      repeat {
        start -= 1
        digits[start] = UInt8(ascii: "0") + UInt8(rest % 10)
        rest /= 10
      } while rest > 0 || digits.count - start < width
      bytes.append(contentsOf: digits[start...])
    }
  }

  private mutating func append(_ number: Double, _ decimals: Int) {
    var power = 1.0
    for _ in 0..<decimals { power *= 10 }
    let scaled = (number * power).rounded()
    guard scaled.magnitude < 9.2e18 else { return append(number.isFinite ? "\(number)" : "null") }
    append(scaled: Int64(scaled), decimals)
  }

  private mutating func append(scaled: Int64, _ decimals: Int) {
    if scaled < 0 { bytes.append(UInt8(ascii: "-")) }
    append(digitsOf: scaled.magnitude, width: decimals + 1)
    guard decimals > 0 else { return }
    bytes.insert(UInt8(ascii: "."), at: bytes.count - decimals)
    while bytes.last == UInt8(ascii: "0") { bytes.removeLast() }
    if bytes.last == UInt8(ascii: ".") { bytes.removeLast() }
  }

  /// `number` rounded half away from zero to `decimals` places (0...9), without trailing zeros.
  public static func decimal(_ number: Double, _ decimals: Int) -> String {
    var json = JSONText()
    json.append(number, decimals)
    return json.text
  }

  /// `scaled` / 10^`decimals`, exactly.
  public static func decimal(scaled: Int64, _ decimals: Int) -> String {
    var json = JSONText()
    json.append(scaled: scaled, decimals)
    return json.text
  }
}

extension JSONText {
  public mutating func member(_ name: String, _ string: String) {
    key(name)
    value(string)
  }
  @inlinable public mutating func member(_ name: String, _ integer: some BinaryInteger) {
    key(name)
    value(integer)
  }
  public mutating func member(_ name: String, _ flag: Bool) {
    key(name)
    value(flag)
  }
  public mutating func member(_ name: String, _ number: Double, decimals: Int) {
    key(name)
    value(number, decimals: decimals)
  }
}
