/// What a test bench forces upon the world; nil leaves a quantity to nature.
public struct Overrides: Hashable, Sendable {
  /// The boiler's thermostat.
  public enum BoilerDemand: String, CaseIterable, Hashable, Sendable {
    case natural, always, never
  }

  /// Whether the car is plugged in.
  public enum Presence: String, CaseIterable, Hashable, Sendable {
    /// By the hour of the day.
    case natural
    case here, gone
  }

  /// Household without the boiler, W ≥ 0, shared evenly by the phases.
  public var load: Double?
  /// Household on single phases, W ≥ 0; goes before `load`.
  public var phaseLoads: PhaseValues?
  /// What the strings could deliver together, DC W ≥ 0.
  public var pv: Double?
  public var boiler = BoilerDemand.natural
  /// The heat pump's thermostat.
  public var heatPump = BoilerDemand.natural
  public var car = Presence.natural
  /// The grid operator's contact, on digital input 0: true is closed.
  public var isContactClosed = true

  public init() {}
}

/// A script of overrides: lines `SECONDS LOAD_W PV_W`, where a dash means nature and `#` begins a comment; further words
/// are `contact=open|closed`, `car=natural|here|gone` and `pump=natural|always|never`. Each line holds from its second
/// until the next one's; what it does not name is as the options say.
public struct LoadScript: Hashable, Sendable {
  public struct Line: Hashable, Sendable {
    /// Since the start.
    public var second: Double
    public var load: Double?
    public var pv: Double?
    public var isContactClosed: Bool?
    public var car: Overrides.Presence?
    public var heatPump: Overrides.BoilerDemand?
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
      guard words.count >= 3, let second = Double(words[0]), second >= (lines.last?.second ?? 0) else { throw bad }
      guard let load = Self.watts(words[1]), let pv = Self.watts(words[2]) else { throw bad }
      var entry = Line(second: second, load: load, pv: pv)
      for word in words[3...] where !entry.take(word) { throw bad }
      lines.append(entry)
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

extension LoadScript.Line {
  /// False where the word says nothing.
  fileprivate mutating func take(_ word: Substring) -> Bool {
    let pair = word.split(separator: "=", omittingEmptySubsequences: false).map(String.init)
    guard pair.count == 2 else { return false }
    switch pair[0] {
    case "contact":
      guard pair[1] == "open" || pair[1] == "closed" else { return false }
      isContactClosed = pair[1] == "closed"
    case "car":
      guard let presence = Overrides.Presence(rawValue: pair[1]) else { return false }
      car = presence
    case "pump":
      guard let demand = Overrides.BoilerDemand(rawValue: pair[1]) else { return false }
      heatPump = demand
    default: return false
    }
    return true
  }
}

extension Overrides {
  /// With what the line forces; where it is silent the options hold.
  func with(_ line: LoadScript.Line) -> Overrides {
    var overrides = self
    overrides.load = line.load
    overrides.pv = line.pv
    overrides.isContactClosed = line.isContactClosed ?? isContactClosed
    overrides.car = line.car ?? car
    overrides.heatPump = line.heatPump ?? heatPump
    return overrides
  }
}
