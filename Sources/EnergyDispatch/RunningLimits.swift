import EnergyModel

/// What is in force at this moment, and for how long it is known to last: it will cut what the site could move otherwise.
public struct RunningLimits: Sendable {
  var channels = ChannelStates()
  var orders = StandingOrders()

  /// Nothing limits anything.
  public init() {}

  init(_ channels: ChannelStates, _ orders: StandingOrders) {
    self.channels = channels
    self.orders = orders
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
  /// Loads that are off by order.
  let shed: Set<DeviceID>
  private let outages: [(percent: Double, begin: Duration, end: Duration?)]
  private let reserve: Double
  private let wait: Duration

  /// - Parameter wait: from now until it begins; not above zero in the running one.
  init(_ running: RunningLimits, _ site: SiteParameters, _ now: Moment, after wait: Duration) {
    let begin = now.monotonic + wait
    let lasting = running.channels.applied.filter { limit in
      limit.lasts(at: now.monotonic).map { $0 > wait } ?? true
    }
    func strictest(_ quantity: LimitedQuantity) -> Double {
      lasting.reduce(.infinity) { $1.quantity == quantity ? min($0, $1.value) : $0 }
    }
    let share = strictest(.exportPercent) / 100 * site.installedPeak
    `import` = strictest(.importPower)
    export = min(strictest(.exportPower), share.isNaN ? .infinity : share)
    withoutGrid = strictest(.controllablePower) < .infinity ? Set(site.controllable?.devices ?? []) : []
    func holds<Value>(_ order: StandingOrders.Order<Value>) -> Bool {
      order.starts < begin + Self.step && order.ends.map { $0 > begin } ?? true
    }
    shed = Set(running.orders.shed.filter(holds).flatMap(\.value))
    var powers = running.orders.batteryPower.filter(holds).map(\.value)
    if let override = running.orders.override, holds(override) {
      switch override.value {
      case .hold: powers.append(0)
      case .charge(let power): powers.append(-power)
      case .discharge(let power): powers.append(power)
      }
    }
    asked = powers.max { $0.magnitude < $1.magnitude }
    outages =
      running.orders.reserve.map { order in
        (order.value, order.starts - now.monotonic, order.ends.map { $0 - now.monotonic })
      }
      + site.outages.map { ($0.reserve.value, $0.start - now.wall, $0.end - now.wall) }
    reserve = site.reserve.value
    self.wait = wait
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
