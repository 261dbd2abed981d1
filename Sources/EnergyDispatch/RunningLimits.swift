import EnergyModel

/// What is in force at this moment, for how long it is known to last, and what is known to come: it will cut what the site could
/// move otherwise.
public struct RunningLimits: Sendable {
  var channels = ChannelStates()
  var orders = StandingOrders()
  /// Of the owner's plan.
  var zone = TimeZoneTable.utc

  /// Nothing limits anything.
  public init() {}

  init(_ channels: ChannelStates, _ orders: StandingOrders, _ zone: TimeZoneTable) {
    self.channels = channels
    self.orders = orders
    self.zone = zone
  }
}

/// What of it holds in one coming quarter hour.
struct LimitsAhead: Sendable {
  private static let step = ForecastReport.step

  /// The most that may be imported, and exported, W; infinite where nobody limits it.
  let `import`: Double
  let export: Double
  /// Devices that may take nothing but own production from the busbar.
  let withoutGrid: Set<DeviceID>
  /// What somebody asks of the batteries, W, discharge +; nil while nobody does.
  let asked: Double?
  /// What the owner's plan has them do, W, 0 included: an aggregator outranks it, but its energy is gone by then.
  let planned: ClosedRange<Double>
  /// Loads that are off by order.
  let shed: Set<DeviceID>
  private let outages: [(percent: Double, begin: Duration, end: Duration?)]
  private let reserve: Double
  private let wait: Duration

  /// - Parameter wait: from now until it begins; not above zero in the running one.
  init(_ running: RunningLimits, _ site: SiteParameters, _ now: Moment, after wait: Duration) {
    let begin = now.monotonic + wait
    let coming = running.orders.coming
    func holds<Value>(_ order: StandingOrders.Order<Value>) -> Bool {
      order.starts < begin + Self.step && order.ends.map { $0 > begin } ?? true
    }
    let lasting = running.channels.applied.filter { limit in
      limit.lasts(at: now.monotonic).map { $0 > wait } ?? true && !limit.isReplaced(by: coming, before: begin)
    }
    let begun = coming.limits.filter(holds).map(\.value)
    func strictest(_ quantity: LimitedQuantity) -> Double {
      let least = lasting.reduce(.infinity) { $1.quantity == quantity ? min($0, $1.value) : $0 }
      return begun.reduce(least) { $1.quantity == quantity ? min($0, $1.value) : $0 }
    }
    let share = strictest(.exportPercent) / 100 * site.installedPeak
    `import` = strictest(.importPower)
    export = min(strictest(.exportPower), share.isNaN ? .infinity : share)
    withoutGrid = strictest(.controllablePower) < .infinity ? Set(site.controllable?.devices ?? []) : []
    shed = Set((running.orders.shed + coming.shed).filter(holds).flatMap(\.value))
    var powers = (running.orders.batteryPower + coming.batteryPower).filter(holds).map(\.value)
    if let override = running.orders.override, holds(override) {
      powers.append(override.value.power)
    }
    asked = powers.max { $0.magnitude < $1.magnitude }
    planned = Self.planned(site.plan, now.wall + wait, running.zone)
    outages =
      running.orders.reserve.map { order in
        (order.value, order.starts - now.monotonic, order.ends.map { $0 - now.monotonic })
      }
      + site.outages.map { ($0.reserve.value, $0.start - now.wall, $0.end - now.wall) }
    reserve = site.reserve.value
    self.wait = wait
  }

  /// Of the windows that the quarter hour touches.
  private static func planned(
    _ plan: [SiteParameters.PlanWindow], _ begin: Timestamp, _ zone: TimeZoneTable
  ) -> ClosedRange<Double> {
    guard !plan.isEmpty else { return 0...0 }
    let minutes = (0..<Int(step.seconds / 60)).map { LocalClock(begin + .seconds(60 * $0), zone).minuteOfDay }
    return plan.reduce(0...0) { range, window in
      guard minutes.contains(where: window.time.contains) else { return range }
      let power = window.battery.power
      return min(range.lowerBound, power)...max(range.upperBound, power)
    }
  }

  /// What a battery keeps, %.
  func reserve(_ battery: SiteParameters.Battery) -> Double { max(reserve, raised(battery) ?? 0) }

  /// That of each announced outage as early as it may be raised at all, %.
  func raised(_ battery: SiteParameters.Battery) -> Double? {
    outages.reduce(nil) { highest, outage in
      let level = min(outage.percent, battery.socWindow.upperBound)
      let lead = ReserveWatch.lead(to: level, 0, battery)
      let holds = outage.begin - lead < wait + Self.step && outage.end.map { $0 > wait } ?? true
      return holds ? max(highest ?? 0, level) : highest
    }
  }
}

extension ChannelStates.Applied {
  /// Whether another order takes its place by then.
  fileprivate func isReplaced(by coming: StandingOrders.Coming, before begin: MonotonicInstant) -> Bool {
    guard case .running = origin else { return false }
    return coming.limits.contains {
      $0.value.channel == channel && $0.value.quantity == quantity && $0.starts <= begin
    }
  }
}

extension StandingOrders.Override {
  /// W, discharge +.
  fileprivate var power: Double {
    switch self {
    case .hold: 0
    case .charge(let power): -power
    case .discharge(let power): power
    }
  }
}
