import EnergyModel

/// What makes a decision another one: who wishes what, what bounds it, which loads are on. Numbers that
/// drift are left out.
struct DecisionSubstance: Hashable, Sendable {
  private struct Cause: Hashable, Sendable {
    var rule: String
    var quantity: ControlledQuantity
    var cause: String
    var holds: Bool
  }

  private var isSafeState: Bool
  private var isStarting: Bool
  private var wishes: [ControlledQuantity: String] = [:]
  private var causes: Set<Cause> = []
  private var supplied: [ControlledQuantity: Bool] = [:]
  private var handsOff: [ControlledQuantity: String] = [:]

  init(_ resolutions: [Resolution], isSafeState: Bool, isStarting: Bool) {
    self.isSafeState = isSafeState
    self.isStarting = isStarting
    for resolution in resolutions {
      let quantity = resolution.quantity
      handsOff[quantity] = resolution.handsOff
      wishes[quantity] = resolution.winner?.rule
      if case .supply = quantity, let target = resolution.target { supplied[quantity] = target >= 0.5 }
      for bound in resolution.bounds {
        causes.insert(
          Cause(rule: bound.rule, quantity: quantity, cause: bound.limit.cause, holds: bound.holds))
      }
    }
  }
}
