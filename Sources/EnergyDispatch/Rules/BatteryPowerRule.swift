import EnergyModel

/// What an aggregator wants of all batteries together (`battery-power`), class contract: of several orders the one that
/// began last.
///
/// The power is shared by headroom, `p_i = P · e_i / Σ e`, `e` being the energy that a battery still has above, or room
/// for below, its window's end, Wh, so that they become empty or full together. What a battery cannot take or give (its
/// rating, its BMS, and discharging what its strings leave of the AC rating) is left to the others. A battery whose state
/// is unknown takes no part.
struct BatteryPowerRule: Rule {
  private struct Part {
    var device: DeviceID
    var headroom: Double
    var most: Double
    var share = 0.0
  }

  let name = "contract"
  let subject = "battery-power"
  var precedence: RuleClass { .contract }
  private let hybrids: [SiteParameters.Hybrid]

  init(site: SiteParameters) { hybrids = site.hybrids.filter { $0.battery != nil } }

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
    for part in divide(power, input.view) {
      let target = power < 0 ? -part.share : part.share
      contribution.wishes.append(Wish(quantity: .battery(part.device), target: .value(target), purpose: purpose))
    }
    return contribution
  }

  private func divide(_ power: Double, _ view: SiteView) -> [Part] {
    var parts = hybrids.compactMap { part($0, view, isCharging: power < 0) }
    var left = power.magnitude
    var open = Array(parts.indices)
    // Each round fills at least one battery to its most, or divides all that is left.
    while left > 0.5, !open.isEmpty {
      let headroom = open.reduce(0) { $0 + parts[$1].headroom }
      guard headroom > 0 else { break }
      let full = open.filter { left * parts[$0].headroom / headroom >= parts[$0].most }
      for index in full.isEmpty ? open : full {
        parts[index].share = full.isEmpty ? left * parts[index].headroom / headroom : parts[index].most
      }
      if full.isEmpty { break }
      left -= full.reduce(0) { $0 + parts[$1].most }
      open.removeAll(where: full.contains)
    }
    return parts
  }

  private func part(_ hybrid: SiteParameters.Hybrid, _ view: SiteView, isCharging: Bool) -> Part? {
    guard let battery = hybrid.battery, let seen = view.hybrid(hybrid.device), let soc = seen.soc.value else {
      return nil
    }
    if isCharging {
      let room = max(0, battery.socWindow.upperBound - soc) / 100 * battery.usable.value
      let most = min(battery.maximumCharge.value, seen.chargeMax.value ?? .infinity)
      return Part(device: hybrid.device, headroom: room, most: room > 0 ? max(0, most) : 0)
    }
    let stored = max(0, soc - battery.socWindow.lowerBound) / 100 * battery.usable.value
    let passes = hybrid.acLimit.value - max(0, seen.pvPower ?? 0)
    let most = min(battery.maximumDischarge.value, seen.dischargeMax.value ?? .infinity, passes)
    return Part(device: hybrid.device, headroom: stored, most: stored > 0 ? max(0, most) : 0)
  }
}
