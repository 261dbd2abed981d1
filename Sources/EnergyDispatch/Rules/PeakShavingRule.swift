import EnergyModel

/// Keeps the mean import of each quarter hour below the target, and once that was not possible, below the month's peak: a
/// lower one costs nothing more. Class: economics.
///
///     target = max(configured, highest mean of the month)
///     allowed import = (0.98 · target · 15 min − energy so far) ÷ time left, at least 0
///
/// The energy is what the meter's own counter tells of its quarter hour, see ``DemandMeter``; a lost memory means the
/// configured target, and that it was imported until now. While nobody vouches for the clock, nobody knows where in the
/// quarter hour the meter is: then the target holds at each moment. What is too much is relieved in the merit order of
/// ``ImportRelief``; loads are shed as late as a quarter of what is left of the quarter hour allows.
struct PeakShavingRule: Rule {
  struct Memory: RuleMemory {
    var demand: DemandMeter
    var relief: ReliefMemory

    static var hasAges: Bool { false }

    static func lost(at now: MonotonicInstant) -> Memory { Memory(demand: .lost(at: now), relief: .lost(at: now)) }

    init(demand: DemandMeter, relief: ReliefMemory) {
      self.demand = demand
      self.relief = relief
    }

    /// Both, with a bar in between.
    init?(saved: Substring, at now: MonotonicInstant) {
      let parts = saved.split(separator: "|", omittingEmptySubsequences: false)
      guard parts.count == 2 else { return nil }
      demand = DemandMeter(saved: parts[0], at: now) ?? .lost(at: now)
      relief = ReliefMemory(saved: parts[1], at: now) ?? .lost(at: now)
    }

    func saved(at now: MonotonicInstant) -> String { "\(demand.saved(at: now))|\(relief.saved(at: now))" }
  }

  static let name = "peak-shaving"
  /// Room for what moves faster than control.
  private static let margin = 0.02
  /// A fuse bears this much of its rating for hours (gG: the conventional non-fusing current, IEC 60269-1), and mains may be
  /// a tenth above their nominal voltage (EN 50160): together.
  private static let overload = 1.25 * 1.1
  private static let hour: Duration = .seconds(3600)
  private static let quarter: Duration = .seconds(900)

  let demand: SiteParameters.Demand
  let baseLoad: Double
  /// What the connection passes for a quarter hour, W; nil without a configured fuse.
  let connection: Double?
  let relief: ImportRelief
  var name: String { Self.name }
  let subject = ""
  var precedence: RuleClass { .economics }

  init(site: SiteParameters, demand: SiteParameters.Demand) {
    self.demand = demand
    baseLoad = site.baseLoad.value
    connection = site.fuse.map {
      Self.overload * $0.rating.value * FuseRule.nominalVoltage * Double($0.phases)
    }
    relief = ImportRelief(site: site)
  }

  func evaluate(_ input: RuleInput, _ memory: inout Memory) -> Contribution {
    let now = input.now
    let configured = demand.target.value
    memory.demand.observe(
      input.view.grid, now, input.zone, assumed: configured, baseLoad: baseLoad, most: connection)
    let target = max(configured, memory.demand.peak(at: now, input.zone))
    let left = now.isClockTrusted ? DemandMeter.left(at: now) : Self.quarter
    var allowed = (1 - Self.margin) * target
    if now.isClockTrusted {
      let rest = (1 - Self.margin) * target * Self.quarter.seconds - memory.demand.energy * Self.hour.seconds
      allowed = max(0, rest / max(1, left.seconds))
    }
    let reason: Reason = "the mean import of a quarter hour is to stay below \(watts: target)"
    let goal = ImportRelief.Goal(
      limit: allowed, lasts: left, reaction: min(.seconds(60), left / 4), cause: "demand", reason: reason)
    var contribution = Contribution(limits: relief.limits(goal, input, &memory.relief))
    contribution.room = memory.relief.room.map { PickUpRoom(room: [$0]) }
    return contribution
  }
}
