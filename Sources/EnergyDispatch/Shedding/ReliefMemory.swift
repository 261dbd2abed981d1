import EnergyModel

/// What relief of the import remembers of one cause. Rules that limit the import keep it as their memory, or in it.
struct ReliefMemory: RuleMemory {
  var shed = ShedMemory()
  /// What is left for chargers and for charging batteries, W; negative where batteries have to help. Nil while nothing is
  /// limited.
  var allowed: Allowance?
  /// True when a limit may have held before the memory was lost: then nothing is allowed beyond what is taken now.
  var isLost = false
  /// Of what is controlled, W.
  var controlled = RecentPeak()
  /// Since when the limit is over.
  var endedSince: MonotonicInstant?
  /// Since when more is imported than may be, whatever was done about it.
  var overSince: MonotonicInstant?
  var blindSince: MonotonicInstant?
  /// The meter has told something since the start.
  var hasSeen = false
  var stubborn = StubbornChargers()
  /// What may come back, W; nil while nothing is limited.
  var room: Double?
  /// How far restorations are spread when the limit is over.
  var spread: Duration = .zero

  init() {}

  static var hasAges: Bool { false }

  static func lost(at now: MonotonicInstant) -> ReliefMemory {
    var memory = ReliefMemory()
    memory.isLost = true
    memory.shed = .lost()
    return memory
  }

  /// `free shed`, `held shed pool`: whether a limit held, and what is off because of it.
  init?(saved: Substring, at now: MonotonicInstant) {
    let words = saved.split(separator: " ")
    guard words.count >= 2, words[0] == "free" || words[0] == "held", let shed = ShedMemory(saved: words.dropFirst())
    else { return nil }
    self.shed = shed
    isLost = words[0] == "held"
  }

  func saved(at now: MonotonicInstant) -> String {
    let shed = shed.saved
    return shed == "lost" ? "lost" : (isHeld ? "held " : "free ") + shed
  }

  private var isHeld: Bool { allowed != nil || isLost }

  /// True while something is still held back.
  var isActive: Bool { allowed != nil || !shed.shed.isEmpty }

  /// Alike in what is saved; the rest changes each second.
  static func == (a: Self, b: Self) -> Bool { a.shed.isSavedLike(b.shed) && a.isHeld == b.isHeld }
  func hash(into hasher: inout Hasher) { hasher.combine(shed.shed) }
}
