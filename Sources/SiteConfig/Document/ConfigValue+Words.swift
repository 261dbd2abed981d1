extension ConfigValue {
  /// One of a few words.
  func choice(_ words: [String], later: [String] = [], what: String) -> String? {
    guard let text = text(what) else { return nil }
    if words.contains(text) { return text }
    if later.contains(text) {
      refuse("not supported by this version")
      return nil
    }
    let hint = NearestName.hint(text, among: words)
    refuse(hint.isEmpty ? "expected \(what): \(ConfigSection.listed(words))" : "unknown \(what)" + hint)
    return nil
  }

  func yesOrNo() -> Bool? {
    switch written {
    case "yes", "true": return true
    case "no", "false": return false
    default:
      refuse("expected yes or no, got \(shape)")
      return nil
    }
  }

  /// A whole number, decimal or hexadecimal (`0x8000`).
  func integer(in range: ClosedRange<Int>, what: String) -> Int? {
    guard let text = text("\(what), \(range.lowerBound) to \(range.upperBound)") else { return nil }
    let number = text.hasPrefix("0x") ? Int(text.dropFirst(2), radix: 16) : Int(text)
    guard let number, range.contains(number) else {
      refuse("expected \(what), \(range.lowerBound) to \(range.upperBound)")
      return nil
    }
    return number
  }

  /// A number without a unit.
  func number(in range: ClosedRange<Double>, what: String) -> Double? {
    let limits = "\(Measure.text(of: range.lowerBound)) to \(Measure.text(of: range.upperBound))"
    guard let text = text("\(what), \(limits)") else { return nil }
    guard let number = Measure.number(text), range.contains(number) else {
      refuse("expected \(what), \(limits)")
      return nil
    }
    return number
  }
}
