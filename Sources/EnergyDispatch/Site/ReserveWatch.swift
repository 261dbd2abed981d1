import EnergyModel

/// The reserves in force, one of each battery, as every rule sees them in one control cycle.
struct Reserves: Hashable, Sendable {
  /// Of one battery.
  struct Level: Hashable, Sendable {
    /// The site's, or a higher one that an outage asks for, %.
    var percent: Double
    /// It was reached, and discharging is forbidden until ``release``.
    var isReached: Bool
    /// What has raised it: until the most urgent outage begins; not above zero while it lasts.
    var wait: Duration?

    var release: Double { min(100, percent + ReserveWatch.hysteresis) }
    /// Who counts on the battery counts on what is above this, %.
    var floor: Double { isReached ? release : percent }
  }

  /// None while the site runs as an island: that is what the reserve is for.
  var levels: FlatMap<DeviceID, Level> = [:]

  subscript(device: DeviceID) -> Level? { levels[device] }
}

/// Watches what is kept for outages, one step a control cycle: what a battery may be counted on for is the same for the rule that
/// keeps the reserve and for those that would use it up.
///
/// The reserve is raised ahead of announced outages (configured ones, and orders): to theirs, once
/// `time left ≤ missing energy / (½ · most charging power) + 30 min`, or a day ahead where only surplus may be charged, until
/// the outage is over.
///
/// Configured outages need a trusted clock: while nobody vouches for it, the reserve stays as it is.
struct ReserveWatch: Sendable {
  static let hysteresis = 2.0
  /// Of the most power, at which the missing energy is charged in time.
  private static let relaxed = 0.5
  private static let margin: Duration = .seconds(1800)
  private static let dayAhead: Duration = .seconds(86_400)

  /// Of one battery.
  private struct Memory: Hashable, Sendable {
    var isReached = true
    /// The reserve that an outage asked for and still asks for, %.
    var raised: Double?

    /// Lost memory is the worst case: the reserve is reached.
    init() {}

    /// `free`, or `reached 80` with a raised reserve.
    init?(saved: Substring) {
      let words = saved.split(separator: " ")
      guard let state = words.first, state == "reached" || state == "free", words.count <= 2 else { return nil }
      isReached = state == "reached"
      guard words.count == 2 else { return }
      guard let value = Double(words[1]), (0...100).contains(value) else { return nil }
      raised = value
    }

    var saved: String { (isReached ? "reached" : "free") + (raised.map { " \(JSONText.decimal($0, 1))" } ?? "") }
  }

  private struct Watched: Sendable {
    let hybrid: DeviceID
    let battery: SiteParameters.Battery
    var memory: Memory
    var isOpen = true
  }

  private let reserve: Double
  private let outages: [SiteParameters.Outage]
  private var watched: [Watched] = []

  init(_ site: SiteParameters, saved: SavedMemory) {
    reserve = site.reserve.value
    outages = site.outages
    for hybrid in site.hybrids {
      guard let battery = hybrid.battery else { continue }
      let memory = saved[Self.key(hybrid.device)].flatMap { Memory(saved: $0) } ?? Memory()
      watched.append(Watched(hybrid: hybrid.device, battery: battery, memory: memory))
    }
  }

  private static func key(_ hybrid: DeviceID) -> String { SavedMemory.key("backup reserve", hybrid.name) }

  mutating func step(_ orders: StandingOrders, _ view: SiteView) -> Reserves {
    var reserves = Reserves()
    guard !view.isIslanded else { return reserves }
    for index in watched.indices {
      var one = watched[index]
      reserves.levels[one.hybrid] = step(&one, orders, view)
      if one.memory != watched[index].memory { one.isOpen = true }
      watched[index] = one
    }
    return reserves
  }

  /// An unknown state of charge leaves things as they are.
  private func step(_ one: inout Watched, _ orders: StandingOrders, _ view: SiteView) -> Reserves.Level {
    var wait: Duration?
    let soc = view.hybrid(one.hybrid)?.soc.value
    if let soc { wait = raise(soc, one.battery, &one.memory, orders, view.now) }
    var level = Reserves.Level(
      percent: max(reserve, one.memory.raised ?? 0), isReached: one.memory.isReached, wait: wait)
    if let soc {
      level.isReached = level.percent > 0 && (soc <= level.percent || (level.isReached && soc < level.release))
      one.memory.isReached = level.isReached
    }
    return level
  }

  /// Brings the raised reserve up to date.
  /// - Returns: how long until the most urgent of those begins that ask for it.
  private func raise(
    _ soc: Double, _ battery: SiteParameters.Battery, _ memory: inout Memory, _ orders: StandingOrders, _ now: Moment
  ) -> Duration? {
    var wanted: Double?
    var urgent: Duration?
    func consider(_ asked: Double, _ wait: Duration) {
      let level = min(asked, battery.socWindow.upperBound)
      guard level > reserve, wait <= Self.lead(to: level, soc, battery) || level <= memory.raised ?? 0 else { return }
      wanted = max(wanted ?? 0, level)
      urgent = min(urgent ?? wait, wait)
    }
    for order in orders.reserve where order.ends.map({ now.monotonic < $0 }) ?? true {
      consider(order.value, order.starts - now.monotonic)
    }
    if now.isClockTrusted {
      for outage in outages where now.wall < outage.end { consider(outage.reserve.value, outage.start - now.wall) }
    } else if let raised = memory.raised, !outages.isEmpty {
      wanted = max(wanted ?? 0, raised)
    }
    memory.raised = wanted
    return urgent
  }

  /// How long before an outage its reserve is in force.
  static func lead(to level: Double, _ soc: Double, _ battery: SiteParameters.Battery) -> Duration {
    guard battery.gridCharging == .allowed else { return dayAhead }
    let hours = missing(level, soc, battery) / max(1, relaxed * battery.maximumCharge.value)
    return .seconds(Int64(hours * 3600)) + margin
  }

  /// Wh.
  static func missing(_ level: Double, _ soc: Double, _ battery: SiteParameters.Battery) -> Double {
    max(0, (level - soc) / 100 * battery.usable.value / battery.efficiency.squareRoot())
  }

  /// True when something in it is another than before.
  mutating func save(into memory: inout SavedMemory) -> Bool {
    var isChanged = false
    for index in watched.indices where watched[index].isOpen {
      if memory.replace(Self.key(watched[index].hybrid), with: watched[index].memory.saved) { isChanged = true }
      watched[index].isOpen = false
    }
    return isChanged
  }
}
