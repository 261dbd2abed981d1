import EnergyModel

/// Keeps strings and battery together within what their inverter passes to the busbar. Class: device protection.
///
///     ac = pv_dc + battery_dc − losses,  |ac| ≤ AC rating
///     battery ≤ AC rating − pv           discharging has what the strings leave
///     battery ≥ −(AC rating + pv)        charging from its own strings bypasses the rating
///
/// An inverter keeps its rating by itself; what is told here keeps the rules above it from counting on a power that cannot come.
/// The bound moves in steps of a tenth of the battery's power, rounded down: it falls at once and rises after a minute, so that
/// clouds do not write registers. Where the production is unknown the strings are taken to give all they can.
struct HybridRatingRule: Rule {
  struct Memory: FleetingMemory {
    /// The most that may be discharged, W; nil before the first evaluation.
    var most: Double?
    var higherSince: MonotonicInstant?
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
    let strings = Headroom.strings(hybrid, seen)
    let rating = hybrid.acLimit.value
    let most = follow(step(max(0, rating - strings.upperBound)), input.now.monotonic, &memory)
    let charge = rating + strings.lowerBound
    guard most < battery.maximumDischarge.value || charge < battery.maximumCharge.value else { return Contribution() }
    let reason: Reason = "the \(hybrid.device) passes no more than \(watts: rating) together with its strings"
    let limit = Limit(
      quantity: .battery(hybrid.device), interval: Interval(-max(charge, 0), max(most, 0)), cause: "inverter rating",
      reason: reason, mention: .never)
    return Contribution(limits: [limit])
  }

  private func step(_ power: Double) -> Double {
    let step = battery.maximumDischarge.value / 10
    guard step > 0, power < battery.maximumDischarge.value else { return battery.maximumDischarge.value }
    return (power / step + 1e-6).rounded(.down) * step
  }

  private func follow(_ found: Double, _ now: MonotonicInstant, _ memory: inout Memory) -> Double {
    guard let before = memory.most, found > before else {
      memory.most = found
      memory.higherSince = nil
      return found
    }
    let since = memory.higherSince ?? now
    memory.higherSince = since
    guard now - since >= Self.patience else { return before }
    memory.most = found
    memory.higherSince = nil
    return found
  }
}
