import EnergyModel
import Forecasting

/// Leaves room in the batteries for the midday peak that the feed-in cap would waste. Class: economics.
///
///     over     Σ max(0, pv − load − cap) of today's coming quarter hours, stored with √efficiency
///     spare    room of the batteries − 1.1 · over
///     charge ≤ max(spare ÷ time until the first of those quarter hours, surplus now − cap + 5 %)
///
/// No bound without a forecast (plain self-consumption), without anything over the cap, or where all of today's surplus
/// together would not fill the room with a fifth to spare; nor while the owner, his plan or an
/// aggregator says what the batteries are to do.
struct DelayedChargingRule: Rule {
  /// The forecast tells it anew.
  struct Memory: FleetingMemory {
    fileprivate var quarter: Timestamp?
    fileprivate var outlook: Outlook?
  }

  /// What today's sun means.
  fileprivate struct Outlook: Sendable {
    /// Wh above the cap, and of all surplus.
    var over = 0.0
    var surplus = 0.0
    /// The first quarter hour above the cap.
    var first: Timestamp?
  }

  static let name = "delayed-charging"
  private static let caution = 1.1
  private static let plenty = 1.2
  private static let step = 0.05

  let cap: SiteParameters.FeedInCap
  let pool: BatteryPool
  var plan: [SiteParameters.PlanWindow] = []
  var name: String { Self.name }
  let subject = ""
  var precedence: RuleClass { .economics }

  func evaluate(_ input: RuleInput, _ memory: inout Memory) -> Contribution {
    guard input.now.isClockTrusted, !input.orders.areBatteriesAskedFor(at: input.now.monotonic),
      !plan.isPlanned(input),
      let following = input.forecast?.following, let surplus = pool.surplus(input.view),
      let room = room(input.view)
    else { return Contribution() }
    let quarter = QuarterHour.start(containing: input.now.wall)
    if memory.quarter != quarter || memory.outlook == nil {
      memory.quarter = quarter
      memory.outlook = outlook(following, input)
    }
    guard let outlook = memory.outlook, let first = outlook.first, outlook.surplus > Self.plenty * room
    else { return Contribution() }
    let whole = pool.members.reduce(0) { $0 + $1.battery.maximumCharge.value }
    let spare = max(0, room - Self.caution * outlook.over)
    let hours = max(0.25, (first - input.now.wall).seconds / 3600)
    let over = max(0, surplus - cap.limit.value)
    let least = over > 0 ? over + Self.step * whole : 0
    let allowed = (max(spare / hours, least) / (Self.step * whole)).rounded(.up) * Self.step * whole
    guard allowed < whole, whole > 0 else { return Contribution() }
    let reason: Reason = "room is kept for the sun that the feed-in cap of \(watts: cap.limit.value) would waste"
    return Contribution(
      limits: pool.members.map { member in
        let share = allowed * member.battery.maximumCharge.value / whole
        return Limit(
          quantity: .battery(member.device), interval: .atLeast(-share), cause: "delayed charging", reason: reason)
      })
  }

  /// What the batteries can still store, Wh; nil where one does not tell.
  private func room(_ view: SiteView) -> Double? {
    var sum = 0.0
    for member in pool.members {
      guard let soc = view.hybrid(member.device)?.soc.value else { return nil }
      sum += max(0, member.battery.socWindow.upperBound - soc) / 100 * member.battery.usable.value
    }
    return sum
  }

  private func outlook(_ following: [QuarterHour], _ input: RuleInput) -> Outlook {
    let midnight = input.now.wall + LocalClock(input.now.wall, input.zone).wait(untilMinute: 0)
    let stored = (pool.members.first?.battery.efficiency ?? 1).squareRoot() / 4
    var outlook = Outlook()
    for quarter in following where quarter.start < midnight {
      guard let pv = quarter.pv?.value, let load = quarter.load?.value else { continue }
      outlook.surplus += max(0, pv - load) * stored
      let over = pv - load - cap.limit.value
      guard over > 0 else { continue }
      outlook.over += over * stored
      if outlook.first == nil { outlook.first = quarter.start }
    }
    return outlook
  }
}
