public import EnergyModel

/// Values by time: lines `SECONDS [DEVICE] POINT=VALUE …`, each valid from its second on; a dash takes a value away,
/// `#` begins a comment. Without a device's name it is for all.
public struct ValueScript: Hashable, Sendable {
  public struct Line: Hashable, Sendable {
    /// Since the start.
    public var second: Double
    /// Nil is all of them.
    public var device: String?
    public var values: [Point: Double?]

    public init(second: Double, device: String? = nil, values: [Point: Double?]) {
      self.second = second
      self.device = device
      self.values = values
    }
  }

  public var lines: [Line] = []

  public struct Malformed: Error, Hashable {
    public var line: Int
    public var reason: String

    init(_ line: Int, _ reason: String) {
      self.line = line
      self.reason = reason
    }
  }

  public init(lines: [Line] = []) { self.lines = lines }

  public init(_ text: String) throws(Malformed) {
    for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
      var words = line.prefix { $0 != "#" }.split(whereSeparator: \.isWhitespace).map(String.init)[...]
      if words.isEmpty { continue }
      let number = index + 1
      guard let second = words.popFirst().flatMap(Double.init), second.isFinite, second >= (lines.last?.second ?? 0)
      else { throw Malformed(number, "expected SECONDS [DEVICE] POINT=VALUE, later than the line before") }
      let device = words.first.flatMap { $0.contains("=") ? nil : $0 }
      if device != nil { words.removeFirst() }
      var entry = Line(second: second, device: device, values: [:])
      if words.isEmpty { throw Malformed(number, "there is no POINT=VALUE") }
      for word in words {
        guard let (point, value) = Self.pair(word) else {
          throw Malformed(number, "'\(word)' is no POINT=VALUE")
        }
        entry.values.updateValue(value, forKey: point)
      }
      lines.append(entry)
    }
  }

  /// `power_w=-1520`; nil where it is none, and a nil value for `power_w=-`.
  public static func pair(_ word: String) -> (Point, Double?)? {
    let pieces = word.split(separator: "=", omittingEmptySubsequences: false).map(String.init)
    guard pieces.count == 2, let point = Point(rawValue: pieces[0]) else { return nil }
    if pieces[1] == "-" { return (point, nil) }
    guard let value = Double(pieces[1]), value.isFinite else { return nil }
    return (point, value)
  }
}
