import EnergyModel

/// A load is supplied as long as nothing stronger forbids it, and once on, it stays on for its minimum
/// time: the owner's plan. A fuse may break that time, a preference may not.
struct SupplyRule: Rule {
  let load: SiteParameters.SheddableLoad
  private let wish: Wish
  let name = "supply"
  var subject: String { load.device.name }
  var precedence: RuleClass { .ownersPlan }

  init(load: SiteParameters.SheddableLoad) {
    self.load = load
    wish = Wish(quantity: .supply(load.device), target: .value(1), purpose: "the \(load.device) is supplied")
  }

  func evaluate(_ input: RuleInput, _ memory: inout NoMemory) -> Contribution {
    let quantity = ControlledQuantity.supply(load.device)
    guard let isOn = input.view.relay(load.device)?.isOn else {
      let hands = HandsOff(quantity: quantity, reason: "its relay does not answer")
      return Contribution(handsOff: [hands], isBlind: true)
    }
    let left = input.switches.remaining(of: load.minimumOn, load.device, at: input.now.monotonic)
    guard isOn, left > .zero else { return Contribution(wish: wish) }
    let limit = Limit(
      quantity: quantity, interval: .atLeast(1), cause: "minimum on",
      reason: "its minimum on time lasts \(end: left, input)",
      mention: .never)
    return Contribution(limits: [limit], wish: wish)
  }
}

/// A load that was switched off stays off for its minimum time, and is not started more often than it
/// bears: a matter of the device itself.
struct MinimumOffRule: Rule {
  let load: SiteParameters.SheddableLoad
  let name = "minimum off"
  var subject: String { load.device.name }
  var precedence: RuleClass { .deviceProtection }

  func evaluate(_ input: RuleInput, _ memory: inout NoMemory) -> Contribution {
    let now = input.now.monotonic
    guard input.view.relay(load.device)?.isOn == false else { return Contribution() }
    let off = input.switches.remaining(of: load.minimumOff, load.device, at: now)
    let starts = load.startsAnHour.map { input.switches.wait(forStartsAnHour: $0, load.device, at: now) } ?? .zero
    guard max(off, starts) > .zero else { return Contribution() }
    let wait = max(off, starts)
    let reason: Reason =
      off >= starts
      ? "its minimum off time lasts \(end: wait, input)" : "it may not start again so soon (\(end: wait, input))"
    let limit = Limit(
      quantity: .supply(load.device), interval: .atMost(0), cause: off >= starts ? "minimum off" : "starts",
      reason: reason)
    return Contribution(limits: [limit])
  }
}
