import EnergyModel

/// What the owner wants of the batteries now: hold (`battery = 0`), charge (`battery = −power`) or discharge (`battery =
/// power`), until the order ends or is taken back. The power is that of all batteries together, see ``BatteryPool``.
/// Class: owner's override; the reserve and everything that protects is stronger.
struct OwnersOverrideRule: Rule {
  let pool: BatteryPool
  let name = "owner's override"
  let subject = ""
  var precedence: RuleClass { .ownersOverride }

  func evaluate(_ input: RuleInput, _ memory: inout NoMemory) -> Contribution {
    let now = input.now.monotonic
    guard let order = input.orders.override, order.holds(at: now) else { return Contribution() }
    let cause: Reason =
      if let ends = order.ends {
        "\(order.issuer) asked for it \(end: ends - now, input)"
      } else {
        "\(order.issuer) asked for it"
      }
    var contribution = Contribution()
    contribution.wishes = pool.wishes(order.value, input.view, because: cause)
    return contribution
  }
}
