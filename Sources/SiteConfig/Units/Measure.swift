/// Reads numbers with units: `9.8 kW`, `10..95 %`, `3 x 35 A`, `60 % of peak`. Answers the value in the unit
/// used inside, or a sentence that says what is wrong.
enum Measure {
  struct Problem: Error, Hashable {
    var message: String
  }

  /// One value, such as `9.8 kW`.
  static func value(_ text: String, _ dimension: Dimension) -> Result<Double, Problem> {
    guard !text.contains("..") else { return fail("expected one value, \(dimension.phrase), got a range") }
    let (digits, unit) = split(text)
    return factor(unit, dimension, of: text).flatMap { factor in
      read(digits, dimension).map { $0 * factor }
    }
  }

  /// Two values and one unit, such as `10..95 %`; ascending.
  static func range(_ text: String, _ dimension: Dimension) -> Result<ClosedRange<Double>, Problem> {
    let (digits, unit) = split(text)
    guard let dots = position(ofDotsIn: digits) else {
      return fail("expected a range such as 10..90 \(dimension.units[0].symbol), lower end first")
    }
    return factor(unit, dimension, of: text).flatMap { factor in
      read(String(digits[..<dots]), dimension).flatMap { lower in
        read(String(digits[digits.index(dots, offsetBy: 2)...]), dimension).flatMap { upper in
          guard lower < upper else { return fail("the lower end comes first and has to be below the upper") }
          return .success(lower * factor...upper * factor)
        }
      }
    }
  }

  /// So many phases of a value each, such as `3 x 35 A`.
  static func multiple(_ text: String, _ dimension: Dimension) -> Result<(count: Int, value: Double), Problem> {
    let parts = text.split(whereSeparator: { $0 == "x" || $0 == "×" })
    guard parts.count == 2, let count = Int(trimmed(parts[0])) else {
      return fail("expected phases and \(dimension.name) such as 3 x 35 A")
    }
    return value(trimmed(parts[1]), dimension).map { (count, $0) }
  }

  /// A plain decimal number: no exponent, no thousands separators, no infinity.
  static func number(_ text: String) -> Double? {
    let isPlain = text.allSatisfy { $0.isASCII && ($0.isNumber || $0 == "." || $0 == "-" || $0 == "+") }
    guard isPlain, text.last?.isNumber == true else { return nil }
    return Double(text)
  }

  /// A number without needless decimals.
  static func text(of value: Double) -> String {
    let rounded = (value * 1e6).rounded() / 1e6
    return rounded == rounded.rounded() && rounded.magnitude < 1e15 ? String(Int(rounded)) : String(rounded)
  }

  /// What is written behind the number.
  static func unit(of text: String) -> String { split(text).unit }

  /// The leading digits, signs and points, and the rest.
  private static func split(_ text: String) -> (digits: String, unit: String) {
    let text = trimmed(text[...])
    let digits = text.prefix { $0.isASCII && ($0.isNumber || ".,-+".contains($0)) }
    return (String(digits), trimmed(text[digits.endIndex...]))
  }

  private static func read(_ digits: String, _ dimension: Dimension) -> Result<Double, Problem> {
    if let value = number(digits) { return .success(value) }
    if digits.contains(",") { return fail("write a decimal point, not a comma, and no thousands separators") }
    return fail("not a number: expected \(dimension.phrase)")
  }

  private static func factor(_ unit: String, _ dimension: Dimension, of text: String) -> Result<Double, Problem> {
    if let factor = dimension.factor(of: unit) { return .success(factor) }
    if unit.isEmpty { return fail("missing unit: expected \(dimension.phrase)") }
    if let other = Dimension.allCases.first(where: { $0.factor(of: unit) != nil }) {
      return fail("wrong unit: expected \(dimension.phrase), got \(text) (\(other.name))")
    }
    if let meant = dimension.units.first(where: { $0.symbol.lowercased() == unit.lowercased() }) {
      return fail("unknown unit \(unit): did you mean \(meant.symbol)?")
    }
    return fail("unknown unit \(unit): expected \(dimension.phrase)")
  }

  private static func position(ofDotsIn text: String) -> String.Index? {
    text.indices.dropLast().first { text[$0] == "." && text[text.index(after: $0)] == "." }
  }

  static func trimmed(_ text: Substring) -> String {
    String(text.drop(while: \.isWhitespace).reversed().drop(while: \.isWhitespace).reversed())
  }

  private static func fail<T>(_ message: String) -> Result<T, Problem> { .failure(Problem(message: message)) }
}
