import EnergyModel

/// Keeps a share of the battery for an outage: no discharging at or below the reserve, allowed again 2 %
/// above it. Class: backup reserve. Void while the site runs as an island: that is what the reserve is for.
///
/// The reserve is raised ahead of announced outages (configured ones, and orders): to theirs, once
/// `time left ≤ missing energy / (½ · most charging power) + 30 min`, or a day ahead where only surplus may be charged, until
/// the outage is over. Where charging from the grid is allowed, the battery is charged with
/// `missing energy / (time left − 15 min)`, at most with all it takes, and with the surplus if that is more.
///
/// Configured outages need a trusted clock: while nobody vouches for it, the reserve stays as it is.
struct BackupReserveRule: Rule {
  struct Memory: RuleMemory {
    var isReached: Bool
    /// The reserve that an outage asked for and still asks for, %.
    var raised: Double?

    init(isReached: Bool, raised: Double? = nil) {
      self.isReached = isReached
      self.raised = raised
    }

    static var hasAges: Bool { false }
    static func lost(at now: MonotonicInstant) -> Memory { Memory(isReached: true) }

    /// `free`, or `reached 80` with a raised reserve.
    init?(saved: Substring, at now: MonotonicInstant) {
      let words = saved.split(separator: " ")
      guard let state = words.first, state == "reached" || state == "free", words.count <= 2 else { return nil }
      isReached = state == "reached"
      guard words.count == 2 else { return }
      guard let value = Double(words[1]), (0...100).contains(value) else { return nil }
      raised = value
    }

    func saved(at now: MonotonicInstant) -> String {
      (isReached ? "reached" : "free") + (raised.map { " \(JSONText.decimal($0, 1))" } ?? "")
    }
  }

  /// An outage that is to come or has begun.
  private struct Demand {
    var reserve: Double
    /// Until it begins; not above zero while it lasts.
    var wait: Duration
  }

  private static let hysteresis = 2.0
  /// Of the most power, at which the missing energy is charged in time.
  private static let relaxed = 0.5
  private static let margin: Duration = .seconds(1800)
  private static let early: Duration = .seconds(900)
  private static let dayAhead: Duration = .seconds(86_400)
  private static let powerStep = 100.0

  let hybrid: DeviceID
  let battery: SiteParameters.Battery
  let reserve: Percent
  let outages: [SiteParameters.Outage]
  let pool: BatteryPool
  let name = "backup reserve"
  var subject: String { hybrid.name }
  var precedence: RuleClass { .backupReserve }

  func evaluate(_ input: RuleInput, _ memory: inout Memory) -> Contribution {
    guard !input.view.isIslanded, let soc = input.view.hybrid(hybrid)?.soc.value else { return Contribution() }
    let demand = raise(soc, input, &memory)
    let level = max(reserve.value, memory.raised ?? 0)
    guard level > 0 else {
      memory.isReached = false
      return Contribution()
    }
    let release = min(100, level + Self.hysteresis)
    memory.isReached = soc <= level || (memory.isReached && soc < release)
    var contribution = Contribution()
    if memory.isReached {
      let reached: Reason = "the reserve of \(percent: level) is reached (\(percent: soc))"
      let ahead: Reason = "the reserve is raised to \(percent: level) for an announced outage (\(percent: soc))"
      let limit = Limit(
        quantity: .battery(hybrid), interval: .atMost(0), cause: level > reserve.value ? "raised" : "reserve reached",
        reason: level > reserve.value ? ahead : reached)
      contribution.limits = [limit]
    }
    if let demand, soc < level, battery.gridCharging == .allowed {
      contribution.wishes = [charging(soc, level, demand, input)]
    }
    return contribution
  }

  /// Brings the raised reserve up to date. Answers the most urgent of those that ask for it.
  private func raise(_ soc: Double, _ input: RuleInput, _ memory: inout Memory) -> Demand? {
    let highest = battery.socWindow.upperBound
    var wanted: Double?
    var urgent: Demand?
    func consider(_ asked: Double, _ wait: Duration) {
      let level = min(asked, highest)
      guard level > reserve.value, wait <= lead(level, soc) || level <= memory.raised ?? 0 else { return }
      wanted = max(wanted ?? 0, level)
      if urgent == nil || wait < urgent?.wait ?? .zero { urgent = Demand(reserve: level, wait: wait) }
    }
    let now = input.now.monotonic
    for order in input.orders.reserve where order.ends.map({ now < $0 }) ?? true {
      consider(order.value, order.starts - now)
    }
    if input.now.isClockTrusted {
      for outage in outages where input.now.wall < outage.end {
        consider(outage.reserve.value, outage.start - input.now.wall)
      }
    } else if let raised = memory.raised, !outages.isEmpty {
      wanted = max(wanted ?? 0, raised)
    }
    memory.raised = wanted
    return urgent
  }

  private func lead(_ level: Double, _ soc: Double) -> Duration {
    guard battery.gridCharging == .allowed else { return Self.dayAhead }
    let hours = missing(level, soc) / (Self.relaxed * battery.maximumCharge.value)
    return .seconds(Int64(hours * 3600)) + Self.margin
  }

  /// Wh.
  private func missing(_ level: Double, _ soc: Double) -> Double {
    max(0, (level - soc) / 100 * battery.usable.value / battery.efficiency.squareRoot())
  }

  private func charging(_ soc: Double, _ level: Double, _ demand: Demand, _ input: RuleInput) -> Wish {
    let hours = max(1.0 / 60, (demand.wait - Self.early).seconds / 3600)
    let even = (missing(level, soc) / hours / Self.powerStep).rounded(.up) * Self.powerStep
    let share = pool.members.isEmpty ? 0 : max(0, pool.surplus(input.view) ?? 0) / Double(pool.members.count)
    let power = min(battery.maximumCharge.value, max(even, share))
    let charges: Reason = "the battery charges with \(watts: power)"
    let purpose: Reason =
      demand.wait > .zero
      ? "\(charges) \(end: demand.wait, input) because an outage is announced"
      : "\(charges) because an outage is announced"
    return Wish(quantity: .battery(hybrid), target: .value(-power), purpose: purpose)
  }
}
