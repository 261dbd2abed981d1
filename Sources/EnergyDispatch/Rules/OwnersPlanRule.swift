import EnergyModel

/// What the owner wants of the batteries at this time of the day. The window that the wall clock of the site reads decides,
/// so that days of 23 and 25 hours need no thought; while nobody vouches for the clock the plan is suspended.
/// Class: owner's plan.
struct OwnersPlanRule: Rule {
  let pool: BatteryPool
  let plan: [SiteParameters.PlanWindow]
  let name = "owner's plan"
  let subject = ""
  var precedence: RuleClass { .ownersPlan }

  func evaluate(_ input: RuleInput, _ memory: inout NoMemory) -> Contribution {
    guard input.now.isClockTrusted else { return Contribution() }
    let clock = LocalClock(input.now.wall, input.zone)
    let minute = clock.minuteOfDay
    guard let window = plan.first(where: { $0.time.contains(minute) }) else { return Contribution() }
    let cause: Reason = "the owner's plan says so \(end: clock.wait(untilMinute: window.time.end), input)"
    var contribution = Contribution()
    contribution.wishes = pool.wishes(window.battery, input.view, because: cause)
    return contribution
  }
}

extension [SiteParameters.PlanWindow] {
  /// Whether the plan says what the batteries are to do now.
  func isPlanned(_ input: RuleInput) -> Bool {
    guard !isEmpty, input.now.isClockTrusted else { return false }
    let minute = LocalClock(input.now.wall, input.zone).minuteOfDay
    return contains { $0.time.contains(minute) }
  }
}
