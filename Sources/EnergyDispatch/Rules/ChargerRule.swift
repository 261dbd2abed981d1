import EnergyModel

/// Keeps a charger within what contactors and cars bear. Class: device protection.
///
/// - A paused charge stays paused for its minimum off time: `power ≤ 0`. Nothing keeps a charge from being *paused*: a fuse or a
///   legal limit pauses at once; that weaker classes leave it on for its minimum time is ``CarSupplyRule``.
/// - A car charges with 6 A a phase or not at all (IEC 61851-1): what is left of the power becomes a current and a number of
///   phases in ``SiteParameters/Charger/setting(for:phases:canSwitch:)``, 0 A below the least.
/// - A charger that is silent is left alone: its own timer brings it to its failsafe current, which fits below the fuse.
/// - One that seems to feed in has a wrong sign: what it takes is unknown, and that is told.
struct ChargerRule: Rule {
  let charger: SiteParameters.Charger
  let name = "charger"
  var subject: String { charger.device.name }
  var precedence: RuleClass { .deviceProtection }

  func evaluate(_ input: RuleInput, _ memory: inout NoMemory) -> Contribution {
    let quantity = ControlledQuantity.charging(charger.device)
    guard let seen = input.view.charger(charger.device), seen.isHeard else {
      let hands = HandsOff(quantity: quantity, reason: "it does not answer")
      return Contribution(handsOff: [hands], isBlind: true)
    }
    var contribution = Contribution()
    if seen.seemsToFeedIn { contribution.alarms = [.wrongSign(of: charger.device)] }
    let now = input.now.monotonic
    guard let history = input.consumers.charger(charger.device), history.isOn == false else { return contribution }
    let left = history.remaining(at: now)
    guard left > .zero else { return contribution }
    contribution.limits = [
      Limit(
        quantity: quantity, interval: .atMost(0), cause: "minimum off",
        reason: "a pause once begun lasts \(end: left, input)")
    ]
    return contribution
  }
}

/// Lets a car charge with all it wants, unless it is to be charged from surplus only, and keeps a charge once begun for its
/// minimum time: `power ≥ the least it charges with`. Class: owner's plan: what protects, an island, the law and a contract may
/// break that time, a preference may not.
struct CarSupplyRule: Rule {
  let charger: SiteParameters.Charger
  /// Nil where ``SurplusChargingRule`` wishes for it.
  private let wish: Wish?
  let name = "car supply"
  var subject: String { charger.device.name }
  var precedence: RuleClass { .ownersPlan }

  init(charger: SiteParameters.Charger, fromSurplus: Bool) {
    self.charger = charger
    let all = Wish(
      quantity: .charging(charger.device), target: .value(charger.maximumPower),
      purpose: "the \(charger.device) charges what it wants")
    wish = fromSurplus ? nil : all
  }

  func evaluate(_ input: RuleInput, _ memory: inout NoMemory) -> Contribution {
    let now = input.now.monotonic
    guard let history = input.consumers.charger(charger.device), history.isOn == true,
      history.remaining(at: now) > .zero
    else { return Contribution(wish: wish) }
    let limit = Limit(
      quantity: .charging(charger.device), interval: .atLeast(history.minimumPower(at: now)), cause: "minimum on",
      reason: "a charge once begun lasts \(end: history.remaining(at: now), input)", mention: .never)
    return Contribution(limits: [limit], wish: wish)
  }
}

extension Contribution.Alarm {
  /// Of a consumer that seems to feed in.
  static func wrongSign(of device: DeviceID) -> Contribution.Alarm {
    Contribution.Alarm(
      name: "wrong-sign", severity: .warning, device: device,
      text: "the \(device) seems to feed in: a sign or a transformer is wrong, and what it takes is unknown")
  }
}
