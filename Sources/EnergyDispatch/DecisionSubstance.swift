import EnergyModel

/// What makes a decision another one: who wishes what, what bounds it, which loads are on. Numbers that
/// drift are left out. Compared in each cycle, so it is kept in order rather than in sets.
struct DecisionSubstance: Equatable, Sendable {
  private struct Cause: Equatable, Sendable {
    var rule: String
    var cause: String
    var holds: Bool
  }

  /// Of one quantity; quantities come in a fixed order.
  private struct Entry: Equatable, Sendable {
    var handsOff: Reason?
    var wish: String?
    var isSupplied: Bool?
    var causes: [Cause]
  }

  private var isSafeState: Bool
  private var isStarting: Bool
  private var entries: [Entry]

  init(_ resolutions: [Resolution], isSafeState: Bool, isStarting: Bool) {
    self.isSafeState = isSafeState
    self.isStarting = isStarting
    entries = resolutions.map { resolution in
      var isSupplied: Bool?
      if case .supply = resolution.quantity { isSupplied = resolution.target.map { $0 >= 0.5 } }
      let causes = resolution.bounds.map { Cause(rule: $0.rule, cause: $0.limit.cause, holds: $0.holds) }
      return Entry(
        handsOff: resolution.handsOff, wish: resolution.winner?.rule, isSupplied: isSupplied, causes: causes)
    }
  }
}
