import EnergyModel

/// What makes a decision another one: who wishes what, what bounds it, which loads are on. Numbers that
/// drift are left out. Compared in each cycle, so it is kept in order rather than in sets, and built only when it
/// differs.
struct DecisionSubstance: Sendable {
  private struct Cause: Sendable {
    var rule: String
    var cause: String
    var holds: Bool

    init(_ bound: Bound) {
      rule = bound.rule
      cause = bound.limit.cause
      holds = bound.holds
    }

    func matches(_ bound: Bound) -> Bool {
      rule == bound.rule && cause == bound.limit.cause && holds == bound.holds
    }
  }

  /// Of one quantity; quantities come in a fixed order.
  private struct Entry: Sendable {
    var handsOff: Reason?
    var wish: String?
    var isSupplied: Bool?
    var causes: [Cause]

    init(_ resolution: Resolution) {
      handsOff = resolution.handsOff
      wish = resolution.winner?.rule
      isSupplied = Self.isSupplied(resolution)
      causes = resolution.bounds.map { Cause($0) }
    }

    func matches(_ resolution: Resolution) -> Bool {
      guard wish == resolution.winner?.rule, isSupplied == Self.isSupplied(resolution),
        causes.count == resolution.bounds.count, handsOff == resolution.handsOff
      else { return false }
      return zip(causes, resolution.bounds).allSatisfy { $0.matches($1) }
    }

    private static func isSupplied(_ resolution: Resolution) -> Bool? {
      guard case .supply = resolution.quantity else { return nil }
      return resolution.target.map { $0 >= 0.5 }
    }
  }

  private var isSafeState = false
  private var isStarting = false
  private var entries: [Entry]?

  /// True when the decision is another one than the last time, and always the first time.
  mutating func follow(_ resolutions: [Resolution], isSafeState: Bool, isStarting: Bool) -> Bool {
    if let entries, self.isSafeState == isSafeState, self.isStarting == isStarting, entries.count == resolutions.count,
      zip(entries, resolutions).allSatisfy({ $0.matches($1) })
    {
      return false
    }
    self.isSafeState = isSafeState
    self.isStarting = isStarting
    entries = resolutions.map { Entry($0) }
    return true
  }
}
