import EnergyModel

/// Keeps a share of the battery for an outage: no discharging at or below the reserve, allowed again 2 %
/// above it. Class: backup reserve. Void while the site runs as an island: that is what the reserve is for.
///
/// ``ReserveWatch`` says how much is kept, and raises it ahead of announced outages. Where charging from the grid is allowed, the
/// battery is then charged with `missing energy / (time left − 15 min)`, at most with all it takes, and with the surplus if
/// that is more.
struct BackupReserveRule: Rule {
  private static let early: Duration = .seconds(900)
  private static let powerStep = 100.0

  let hybrid: DeviceID
  let battery: SiteParameters.Battery
  let reserve: Percent
  let pool: BatteryPool
  let name = "backup reserve"
  var subject: String { hybrid.name }
  var precedence: RuleClass { .backupReserve }

  func evaluate(_ input: RuleInput, _ memory: inout NoMemory) -> Contribution {
    guard let level = input.reserves[hybrid], level.percent > 0, let soc = input.view.hybrid(hybrid)?.soc.value else {
      return Contribution()
    }
    let isRaised = level.percent > reserve.value
    var contribution = Contribution()
    if level.isReached {
      let reason: Reason =
        isRaised
        ? "the reserve is raised to \(percent: level.percent) for an announced outage (\(percent: soc))"
        : "the reserve of \(percent: level.percent) is reached (\(percent: soc))"
      let limit = Limit(
        quantity: .battery(hybrid), interval: .atMost(0), cause: isRaised ? "raised" : "reserve reached",
        reason: reason)
      contribution.limits = [limit]
    }
    if let wait = level.wait, soc < level.percent, battery.gridCharging == .allowed {
      contribution.wishes = [charging(soc, level.percent, wait, input)]
    }
    return contribution
  }

  private func charging(_ soc: Double, _ level: Double, _ wait: Duration, _ input: RuleInput) -> Wish {
    let hours = max(1.0 / 60, (wait - Self.early).seconds / 3600)
    let missing = ReserveWatch.missing(level, soc, battery)
    let even = (missing / hours / Self.powerStep).rounded(.up) * Self.powerStep
    let share = pool.members.isEmpty ? 0 : max(0, pool.surplus(input.view) ?? 0) / Double(pool.members.count)
    let power = min(battery.maximumCharge.value, max(even, share))
    let charges: Reason = "the battery charges with \(watts: power)"
    let purpose: Reason =
      wait > .zero
      ? "\(charges) \(end: wait, input) because an outage is announced"
      : "\(charges) because an outage is announced"
    return Wish(quantity: .battery(hybrid), target: .value(-power), purpose: purpose)
  }
}
