import EnergyModel

/// Whether the site runs as an island, and what was switched off for that.
struct IslandMemory: RuleMemory {
  var isIslanded = false
  /// Whose signal told so; not kept over a restart.
  var tellers: [DeviceID] = []
  /// Why the loads are off: too much was taken, or too little is left.
  var isOverloaded = false
  var shed = ShedMemory()
  /// Since when an inverter does not tell its power.
  var blindSince: MonotonicInstant?
  /// Since when the state of charge is unknown.
  var emptySince: MonotonicInstant?

  init() {}

  static var hasAges: Bool { false }

  /// The inverter's signal tells at once whether there is an island; loads found off count as shed for it.
  static func lost(at now: MonotonicInstant) -> IslandMemory {
    var memory = IslandMemory()
    memory.shed = .lost()
    return memory
  }

  /// `island shed pool`, `grid outage pool boiler`.
  init?(saved: Substring, at now: MonotonicInstant) {
    let words = saved.split(separator: " ")
    guard words.count >= 2, words[0] == "island" || words[0] == "grid", let shed = ShedMemory(saved: words.dropFirst())
    else { return nil }
    isIslanded = words[0] == "island"
    self.shed = shed
  }

  func saved(at now: MonotonicInstant) -> String {
    let shed = shed.saved
    return shed == "lost" ? "lost" : (isIslanded ? "island " : "grid ") + shed
  }

  /// Alike in what is saved.
  static func == (a: Self, b: Self) -> Bool {
    a.isIslanded == b.isIslanded && a.shed.shed == b.shed.shed && a.shed.pickUp.isCold == b.shed.pickUp.isCold
      && a.shed.areSuspectsUnknown == b.shed.areSuspectsUnknown
  }
  func hash(into hasher: inout Hasher) { hasher.combine(isIslanded) }
}
