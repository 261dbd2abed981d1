import EnergyModel

/// What an aggregator wants of all batteries together (`battery-power`), class contract: of several orders the one that
/// began last.
///
/// It is shared as ``Headroom`` says: by the energy that each battery has stored above the reserve, or has room for, and no
/// further than each can; a battery that is unwell or cannot be told a power takes no part.
struct BatteryPowerRule: Rule {
  let name = "contract"
  let subject = "battery-power"
  var precedence: RuleClass { .contract }
  let site: SiteParameters

  func evaluate(_ input: RuleInput, _ memory: inout NoMemory) -> Contribution {
    let now = input.now.monotonic
    var newest: StandingOrders.Order<Double>?
    for order in input.orders.batteryPower where order.holds(at: now) && order.value.isFinite {
      if newest.map({ order.starts >= $0.starts }) ?? true { newest = order }
    }
    guard let order = newest else { return Contribution() }
    let end: Reason = order.ends.map { " \(end: $0 - now, input)" } ?? ""
    let power = order.value
    let purpose: Reason =
      power == 0
      ? "\(order.issuer) wants the batteries to rest\(end)"
      : "\(order.issuer) wants the batteries to \(power > 0 ? "discharge" : "charge") with \(watts: power.magnitude)\(end)"
    var contribution = Contribution()
    let headroom = Headroom(site, input.view)
    for (battery, share) in zip(headroom.batteries, headroom.share(power)) where battery.canBeTold {
      contribution.wishes.append(Wish(quantity: .battery(battery.device), target: .value(share), purpose: purpose))
    }
    return contribution
  }
}
