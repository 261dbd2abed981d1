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
    var state: Int?
    var causes: [Cause]

    init(_ resolution: Resolution) {
      handsOff = resolution.handsOff
      wish = resolution.winner?.rule
      state = Self.state(resolution)
      causes = resolution.bounds.map { Cause($0) }
    }

    func matches(_ resolution: Resolution) -> Bool {
      guard wish == resolution.winner?.rule, state == Self.state(resolution),
        causes.count == resolution.bounds.count, handsOff == resolution.handsOff
      else { return false }
      let (known, new) = (causes.span, resolution.bounds.span)
      for index in known.indices where !known[index].matches(new[index]) { return false }
      return true
    }

    /// Of what is either on or off, or in one of a few states.
    private static func state(_ resolution: Resolution) -> Int? {
      switch resolution.quantity {
      case .battery, .production: nil
      case .supply: resolution.target.map { $0 >= 0.5 ? 1 : 0 }
      case .charging: resolution.setting.map { $0.current > 0 ? $0.phases : 0 }
      case .heatPump: Int(resolution.target ?? resolution.allowed.clamp(2))
      }
    }
  }

  private var isSafeState = false
  private var isStarting = false
  private var entries: [Entry]?

  private func isLike(_ resolutions: [Resolution]) -> Bool {
    guard let entries, entries.count == resolutions.count else { return false }
    let (known, new) = (entries.span, resolutions.span)
    for index in known.indices where !known[index].matches(new[index]) { return false }
    return true
  }

  /// True when the decision is another one than the last time, and always the first time.
  mutating func follow(_ resolutions: [Resolution], isSafeState: Bool, isStarting: Bool) -> Bool {
    if self.isSafeState == isSafeState, self.isStarting == isStarting, isLike(resolutions) { return false }
    self.isSafeState = isSafeState
    self.isStarting = isStarting
    entries = resolutions.map { Entry($0) }
    return true
  }
}
