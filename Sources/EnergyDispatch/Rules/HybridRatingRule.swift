import EnergyModel

/// Keeps strings and battery together within what their inverter passes to the busbar. Class: device protection.
///
///     ac = pv_dc + battery_dc − losses,  |ac| ≤ AC rating
///     battery ≤ AC rating − pv           discharging has what the strings leave
///     battery ≥ −(AC rating + pv)        charging from its own strings bypasses the rating
///
/// An inverter keeps its rating by itself; the bound keeps wishes of weaker rules from asking for a power that would hold the
/// strings back. So it never forgoes anything: it moves in steps of a tenth of the battery's power, rounded up, rises at once, and
/// falls after a minute, so that clouds do not write registers. What is unknown of the strings changes nothing.
struct HybridRatingRule: Rule {
  struct Memory: FleetingMemory {
    /// The most that may be discharged, W; nil before the first evaluation.
    var most: Double?
    /// Since when less would pass.
    var lowerSince: MonotonicInstant?
    /// The most that may be charged, W.
    var charge: Double?
  }

  private static let patience: Duration = .seconds(60)

  let hybrid: SiteParameters.Hybrid
  let battery: SiteParameters.Battery
  let name = "inverter rating"
  var subject: String { hybrid.device.name }
  var precedence: RuleClass { .deviceProtection }

  func evaluate(_ input: RuleInput, _ memory: inout Memory) -> Contribution {
    guard let seen = input.view.hybrid(hybrid.device), seen.isHeard else {
      memory = Memory()
      return Contribution()
    }
    let rating = hybrid.acLimit.value
    let strings = Headroom.strings(hybrid, seen)
    if strings.lowerBound == strings.upperBound {
      memory.charge = rating + strings.lowerBound
      follow(step(max(0, rating - strings.upperBound)), input.now.monotonic, &memory)
    }
    let most = memory.most ?? battery.maximumDischarge.value
    let charge = memory.charge ?? battery.maximumCharge.value
    guard most < battery.maximumDischarge.value || charge < battery.maximumCharge.value else { return Contribution() }
    let reason: Reason = "the \(hybrid.device) passes no more than \(watts: rating) together with its strings"
    let limit = Limit(
      quantity: .battery(hybrid.device), interval: Interval(-charge, most), cause: "inverter rating",
      reason: reason, mention: .never)
    return Contribution(limits: [limit])
  }

  private func step(_ power: Double) -> Double {
    let step = battery.maximumDischarge.value / 10
    guard step > 0, power < battery.maximumDischarge.value else { return battery.maximumDischarge.value }
    return (power / step - 1e-6).rounded(.up) * step
  }

  private func follow(_ found: Double, _ now: MonotonicInstant, _ memory: inout Memory) {
    if let before = memory.most, found < before {
      let since = memory.lowerSince ?? now
      memory.lowerSince = since
      guard now - since >= Self.patience else { return }
    }
    memory.most = found
    memory.lowerSince = nil
  }
}
