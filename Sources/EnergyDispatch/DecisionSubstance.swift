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
      state = resolution.state
      causes = resolution.bounds.map { Cause($0) }
    }
  }

  private var isSafeState = false
  private var isStarting = false
  private var entries: [Entry]?

  /// Everything is looked at in its place: to copy out what is compared costs more than to compare it.
  private func isLike(_ resolutions: [Resolution]) -> Bool {
    guard let entries, entries.count == resolutions.count else { return false }
    let (known, new) = (entries.span, resolutions.span)
    for index in known.indices {
      guard known[index].wish == new[index].winner?.rule, known[index].state == new[index].state,
        Self.areLike(known[index].causes, new[index].bounds),
        (known[index].handsOff == nil) == (new[index].handsOff == nil)
      else { return false }
      if known[index].handsOff != nil, known[index].handsOff != new[index].handsOff { return false }
    }
    return true
  }

  private static func areLike(_ causes: [Cause], _ bounds: [Bound]) -> Bool {
    guard causes.count == bounds.count else { return false }
    let (known, new) = (causes.span, bounds.span)
    for index in known.indices {
      guard known[index].rule == new[index].rule, known[index].cause == new[index].limit.cause,
        known[index].holds == new[index].holds
      else { return false }
    }
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

extension Resolution {
  /// Of what is either on or off, or in one of a few states.
  fileprivate var state: Int? {
    switch quantity {
    case .battery, .production: nil
    case .supply: target.map { $0 >= 0.5 ? 1 : 0 }
    case .charging: setting.map { $0.current > 0 ? $0.phases : 0 }
    case .heatPump: Int(target ?? allowed.clamp(2))
    }
  }
}
