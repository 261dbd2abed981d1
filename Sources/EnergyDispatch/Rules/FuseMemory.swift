import EnergyModel

/// What the fuse rule remembers.
struct FuseMemory: RuleMemory {
  var shed = ShedMemory()
  /// What chargers may take on each phase, A.
  var phases: [Phase] = []
  /// Hysteresis of the bound on the batteries, and since when it is not needed.
  var isBatteryBound = false
  var calmSince: MonotonicInstant?
  var isOverloaded = false
  var overloadedSince: MonotonicInstant?
  var stubborn = StubbornChargers()
  /// The currents have been known since the start.
  var hasSeen = false
  /// Since when the currents are unknown.
  var blindSince: MonotonicInstant?

  struct Phase: Hashable, Sendable {
    var allowed: Allowance?
    var charging = RecentPeak()
  }

  init() {}

  static var hasAges: Bool { false }
  static func lost(at now: MonotonicInstant) -> FuseMemory {
    var memory = FuseMemory()
    memory.shed = .lost()
    return memory
  }

  /// `shed pool boiler`; the stable minute begins anew after a restart.
  init?(saved: Substring, at now: MonotonicInstant) {
    guard let shed = ShedMemory(saved: saved.split(separator: " ")) else { return nil }
    self.shed = shed
  }

  func saved(at now: MonotonicInstant) -> String { shed.saved }

  /// Alike in what is saved; the rest changes each second.
  static func == (a: Self, b: Self) -> Bool { a.shed.isSavedLike(b.shed) }
  func hash(into hasher: inout Hasher) { hasher.combine(shed.shed) }
}
