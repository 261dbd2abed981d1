import EnergyModel

/// Keeps a heat pump within what its compressor and the house bear. Class: device protection.
///
/// - A block lasts at most the longest block (two hours); afterwards the pump runs for as long as it was blocked: `state ≥ 2`.
///   See ``HeatPumpHistory`` for how that is counted, over restarts as well.
/// - A block once begun lasts its minimum off time, and is not ended more often an hour than the compressor may be started:
///   `state ≤ 1`. The longest block goes before both. That keeps the compressor from short cycles; that weaker classes let it
///   run for its minimum on time is ``HeatPumpRunRule``: nothing keeps it from being blocked by a fuse or a legal limit.
/// - While its contacts do not say what they are, it is left alone.
struct HeatPumpRule: Rule {
  let pump: SiteParameters.HeatPump
  let name = "heat pump"
  var subject: String { pump.device.name }
  var precedence: RuleClass { .deviceProtection }

  func evaluate(_ input: RuleInput, _ memory: inout NoMemory) -> Contribution {
    let quantity = ControlledQuantity.heatPump(pump.device)
    guard let seen = input.view.heatPump(pump.device), seen.state != nil else {
      let hands = HandsOff(quantity: quantity, reason: "its contacts do not say what they are")
      return Contribution(handsOff: [hands], isBlind: true)
    }
    var contribution = Contribution()
    if seen.seemsToFeedIn { contribution.alarms = [.wrongSign(of: pump.device)] }
    guard let history = input.consumers.heatPump(pump.device) else { return contribution }
    if let limit = limit(history, input) { contribution.limits = [limit] }
    return contribution
  }

  private func limit(_ history: HeatPumpHistory, _ input: RuleInput) -> Limit? {
    let now = input.now.monotonic
    let quantity = ControlledQuantity.heatPump(pump.device)
    if history.isResting {
      return Limit(
        quantity: quantity, interval: .atLeast(2), cause: "longest block",
        reason: "it was blocked for as long as it may be and is let run \(end: history.blocked, input)", mention: .never
      )
    }
    guard history.isBlocked else { return nil }
    let left = history.remaining(at: now)
    let start = history.wait(forStartAt: now)
    guard max(left, start) > .zero else { return nil }
    let reason: Reason =
      left >= start
      ? "a block once begun lasts \(end: left, input)" : "it may not start again so soon (\(end: start, input))"
    return Limit(
      quantity: quantity, interval: .atMost(1), cause: left >= start ? "minimum off" : "starts", reason: reason)
  }
}

/// A heat pump once released runs for its minimum on time: `state ≥ 2`. Class: owner's plan: what protects, an island, the law
/// and a contract may break that time, a preference may not.
struct HeatPumpRunRule: Rule {
  let pump: SiteParameters.HeatPump
  let name = "heat pump run"
  var subject: String { pump.device.name }
  var precedence: RuleClass { .ownersPlan }

  func evaluate(_ input: RuleInput, _ memory: inout NoMemory) -> Contribution {
    guard let history = input.consumers.heatPump(pump.device), history.state != nil, !history.isBlocked else {
      return Contribution()
    }
    let left = history.remaining(at: input.now.monotonic)
    guard left > .zero else { return Contribution() }
    let limit = Limit(
      quantity: .heatPump(pump.device), interval: .atLeast(2), cause: "minimum on",
      reason: "it is let run \(end: left, input) once it was released", mention: .never)
    return Contribution(limits: [limit])
  }
}

/// A heat pump heats as it sees fit, unless something forbids it or wishes more of it: `state = 2`. Class: economics, after
/// everything else in it.
struct HeatPumpSupplyRule: Rule {
  private let wish: Wish
  let name = "heat pump supply"
  let subject: String
  var precedence: RuleClass { .economics }

  init(pump: SiteParameters.HeatPump) {
    subject = pump.device.name
    wish = Wish(quantity: .heatPump(pump.device), target: .value(2), purpose: "the \(pump.device) heats as it sees fit")
  }

  func evaluate(_ input: RuleInput, _ memory: inout NoMemory) -> Contribution { Contribution(wish: wish) }
}
