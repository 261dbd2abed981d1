/// What a test bench forces upon the world; nil leaves a quantity to nature.
public struct Overrides: Hashable, Sendable {
  /// The boiler's thermostat.
  public enum BoilerDemand: String, CaseIterable, Hashable, Sendable {
    case natural, always, never
  }

  /// Household without the boiler, W ≥ 0, shared evenly by the phases.
  public var load: Double?
  /// Household on single phases, W ≥ 0; goes before `load`.
  public var phaseLoads: PhaseValues?
  /// What the strings could deliver together, DC W ≥ 0.
  public var pv: Double?
  public var boiler = BoilerDemand.natural

  public init() {}
}

/// A script of overrides: lines `SECONDS LOAD_W PV_W`, where a dash means nature and `#` begins a comment.
/// Each line holds from its second until the next one's.
public struct LoadScript: Hashable, Sendable {
  public struct Line: Hashable, Sendable {
    /// Since the start.
    public var second: Double
    public var load: Double?
    public var pv: Double?
  }

  public var lines: [Line] = []

  public struct Malformed: Error, Hashable {
    public var line: Int
    public var text: String
  }

  public init(_ text: String) throws(Malformed) {
    for (number, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
      let words = line.prefix { $0 != "#" }.split(whereSeparator: \.isWhitespace)
      if words.isEmpty { continue }
      let bad = Malformed(line: number + 1, text: String(line))
      guard words.count == 3, let second = Double(words[0]), second >= (lines.last?.second ?? 0) else { throw bad }
      guard let load = Self.watts(words[1]), let pv = Self.watts(words[2]) else { throw bad }
      lines.append(Line(second: second, load: load, pv: pv))
    }
  }

  /// The line that holds at `second`; nil before the first.
  public func line(at second: Double) -> Line? { lines.last { $0.second <= second } }

  /// Nil where the word is no power; the inner nil is nature.
  private static func watts(_ word: Substring) -> Double?? {
    if word == "-" { return .some(nil) }
    guard let value = Double(word), value.isFinite, value >= 0 else { return nil }
    return value
  }
}
