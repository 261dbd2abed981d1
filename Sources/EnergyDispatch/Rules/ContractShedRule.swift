import EnergyModel

/// Switches off the loads that an aggregator asked to have off (`shed`), class contract, while the order holds:
/// `supply ≤ 0`. Never critical ones. When they come back is the matter of their minimum times.
struct ContractShedRule: Rule {
  let name = "contract"
  let subject = "shed"
  var precedence: RuleClass { .contract }
  private let sheddable: Set<DeviceID>

  init(site: SiteParameters) { sheddable = Set(site.loads.filter { !$0.isCritical }.map(\.device)) }

  func evaluate(_ input: RuleInput, _ memory: inout NoMemory) -> Contribution {
    guard !input.orders.shed.isEmpty else { return Contribution() }
    let now = input.now.monotonic
    var contribution = Contribution()
    for order in input.orders.shed where order.holds(at: now) {
      let end: Reason = order.ends.map { " \(end: $0 - now, input)" } ?? ""
      for load in order.value where sheddable.contains(load) {
        contribution.limits.append(
          Limit(
            quantity: .supply(load), interval: .atMost(0), cause: "shed", reason: "\(order.issuer) wants it off\(end)"))
      }
    }
    return contribution
  }
}
