import EnergyModel

/// How long to leave a file alone that could not be opened: 1 s, doubled with every failure, at most 8 s.
struct StartPause: Sendable {
  private var failures = 0
  private var rests: MonotonicInstant?

  /// After a commit, which opens the file where it is not open.
  mutating func tried(at now: MonotonicInstant, isOpen: Bool) {
    failures = isOpen ? 0 : failures + 1
    rests = isOpen ? nil : now + .seconds(1) * (1 << min(failures - 1, 3))
  }

  /// Not before the rest is over.
  func due(_ due: MonotonicInstant) -> MonotonicInstant { rests.map { max($0, due) } ?? due }
}
