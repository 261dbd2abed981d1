/// Writes JSON piece by piece. It exists because the order of keys and the exact decimals of values
/// are part of the wire contract, and because pure parts carry no Foundation.
public struct JSONText: Sendable {
  public private(set) var text = ""
  private var needsComma = false

  public init() { text.reserveCapacity(256) }

  public mutating func object(_ body: (inout JSONText) -> Void) { nest("{", "}", body) }
  public mutating func array(_ body: (inout JSONText) -> Void) { nest("[", "]", body) }

  public mutating func key(_ name: String) {
    separate()
    quote(name)
    text += ":"
    needsComma = false
  }

  public mutating func value(_ string: String) {
    separate()
    quote(string)
  }

  public mutating func value(_ integer: some BinaryInteger) {
    separate()
    text += String(integer)
  }

  public mutating func value(_ flag: Bool) {
    separate()
    text += flag ? "true" : "false"
  }

  /// A number with at most `decimals` places and no trailing zeros. Not finite becomes null: a missing
  /// value is never zero.
  public mutating func value(_ number: Double, decimals: Int) {
    separate()
    text += Self.decimal(number, decimals)
  }

  public mutating func null() {
    separate()
    text += "null"
  }

  /// Text that is JSON already.
  public mutating func raw(_ json: String) {
    separate()
    text += json
  }

  /// Ends a line of JSON lines: what follows is a text of its own.
  public mutating func endLine() {
    text += "\n"
    needsComma = false
  }

  private mutating func nest(_ open: String, _ close: String, _ body: (inout JSONText) -> Void) {
    separate()
    text += open
    needsComma = false
    body(&self)
    text += close
    needsComma = true
  }

  private mutating func separate() {
    if needsComma { text += "," }
    needsComma = true
  }

  private mutating func quote(_ string: String) {
    text += "\""
    defer { text += "\"" }
    // Nearly always there is nothing to escape, and then it is copied as it is.
    guard string.utf8.contains(where: { $0 < 0x20 || $0 == 0x22 || $0 == 0x5C }) else { return text += string }
    for scalar in string.unicodeScalars {
      switch scalar {
      case "\"": text += "\\\""
      case "\\": text += "\\\\"
      case "\n": text += "\\n"
      case "\r": text += "\\r"
      case "\t": text += "\\t"
      case _ where scalar.value < 0x20:
        let hex = String(scalar.value, radix: 16)
        text += "\\u" + String(repeating: "0", count: 4 - hex.count) + hex
      default: text.unicodeScalars.append(scalar)
      }
    }
  }

  /// `number` rounded half away from zero to `decimals` places (0...9), without trailing zeros.
  public static func decimal(_ number: Double, _ decimals: Int) -> String {
    var power = 1.0
    for _ in 0..<decimals { power *= 10 }
    let scaled = (number * power).rounded()
    guard scaled.magnitude < 9.2e18 else { return number.isFinite ? "\(number)" : "null" }
    return decimal(scaled: Int64(scaled), decimals)
  }

  /// `scaled` / 10^`decimals`, exactly.
  public static func decimal(scaled: Int64, _ decimals: Int) -> String {
    guard decimals > 0 else { return String(scaled) }
    var digits = String(scaled.magnitude)
    if digits.count <= decimals { digits = String(repeating: "0", count: decimals + 1 - digits.count) + digits }
    let split = digits.index(digits.endIndex, offsetBy: -decimals)
    var fraction = digits[split...]
    while fraction.last == "0" { fraction.removeLast() }
    let whole = (scaled < 0 ? "-" : "") + digits[..<split]
    return fraction.isEmpty ? whole : whole + "." + fraction
  }
}

extension JSONText {
  public mutating func member(_ name: String, _ string: String) {
    key(name)
    value(string)
  }
  public mutating func member(_ name: String, _ integer: some BinaryInteger) {
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
