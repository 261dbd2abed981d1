import EnergyModel
import Forecasting

/// Saves the battery for dear hours, and fills it in cheap ones. Class: economics.
///
///     dear     the highest price that comes before one below the present price, ct/kWh
///     need     Σ max(0, load − pv) of the quarter hours dearer than now until then, at most the battery
///     level    low end of the window + need ÷ √efficiency ÷ usable
///
/// While `dear > price` and the state of charge is at or below the level, the battery is not discharged; allowed again 2 %
/// above. Where charging from the grid is allowed and `efficiency · dear − price > wear`, it is charged up to the level,
/// spread over the time until it gets dearer. Without a forecast the load is taken to be the base load and the sun not to shine.
/// While nobody vouches for the clock the tariff is suspended, and so it is while the owner or an aggregator says what the
/// batteries are to do, or the owner's plan does.
struct TariffRule: Rule {
  /// Prices tell anew what is worth it.
  struct Memory: FleetingMemory {
    var isHolding = false
    /// The quarter hour that the outlook belongs to.
    fileprivate var quarter: Timestamp?
    fileprivate var outlook: Outlook?
  }

  /// What the prices of the coming day mean for the battery.
  fileprivate struct Outlook: Sendable {
    var price: Double
    var dear: Double
    /// Wh, at the busbar.
    var need: Double
    /// Until the first price above the present one.
    var dearer: Timestamp
  }

  static let name = "tariff"
  private static let hysteresis = 2.0
  private static let powerStep = 100.0
  private static let day = 96

  let hybrid: DeviceID
  let battery: SiteParameters.Battery
  let tariff: SiteParameters.Tariff
  /// This battery's share of the site's need.
  let share: Double
  let baseLoad: Double
  let subjectName: String
  var plan: [SiteParameters.PlanWindow] = []
  var name: String { Self.name }
  var subject: String { hybrid.name }
  var precedence: RuleClass { .economics }

  func evaluate(_ input: RuleInput, _ memory: inout Memory) -> Contribution {
    guard input.now.isClockTrusted, !input.orders.areBatteriesAskedFor(at: input.now.monotonic),
      !plan.isPlanned(input),
      let soc = input.view.hybrid(hybrid)?.soc.value
    else {
      memory = Memory()
      return Contribution()
    }
    let quarter = QuarterHour.start(containing: input.now.wall)
    if memory.quarter != quarter {
      memory.quarter = quarter
      memory.outlook = outlook(from: quarter, input)
    }
    guard let outlook = memory.outlook, outlook.need > 0 else {
      memory.isHolding = false
      return Contribution()
    }
    let window = battery.socWindow
    let energy = outlook.need * share / battery.efficiency.squareRoot()
    let level = min(window.upperBound, window.lowerBound + energy / battery.usable.value * 100)
    memory.isHolding = soc <= level || (memory.isHolding && soc < level + Self.hysteresis)
    guard memory.isHolding else { return Contribution() }
    let wait = outlook.dearer - input.now.wall
    let reason: Reason = "\(price: outlook.dear) are to come and now it is \(price: outlook.price)"
    let limit = Limit(quantity: .battery(hybrid), interval: .atMost(0), cause: "cheap hours", reason: reason)
    guard soc < level, battery.gridCharging == .allowed,
      battery.efficiency * outlook.dear - outlook.price > battery.wear
    else { return Contribution(limits: [limit]) }
    let missing = (level - soc) / 100 * battery.usable.value / battery.efficiency.squareRoot()
    let even = missing / max(0.25, wait.seconds / 3600)
    let power = min(battery.maximumCharge.value, (even / Self.powerStep).rounded(.up) * Self.powerStep)
    let purpose: Reason = "\(subjectName) charges with \(watts: power) \(end: wait, input) because \(reason)"
    return Contribution(
      limits: [limit], wish: Wish(quantity: .battery(hybrid), target: .value(-power), purpose: purpose))
  }

  /// Nil where nothing dearer comes before something cheaper.
  private func outlook(from start: Timestamp, _ input: RuleInput) -> Outlook? {
    guard let price = price(at: start, input) else { return nil }
    let following = input.forecast?.following ?? []
    var outlook = Outlook(price: price, dear: price, need: 0, dearer: start)
    for index in 1...Self.day {
      let time = start + QuarterHour.length * index
      guard let later = self.price(at: time, input), later >= price else { break }
      guard later > price else { continue }
      if outlook.dear == price { outlook.dearer = time }
      outlook.dear = max(outlook.dear, later)
      let expected = following.first { $0.start == time }
      let load = expected?.load?.value ?? baseLoad
      outlook.need += max(0, load - (expected?.pv?.value ?? 0)) / 4
    }
    return outlook.dear > price ? outlook : nil
  }

  private func price(at time: Timestamp, _ input: RuleInput) -> Double? {
    tariff.buyPrice(at: LocalClock(time, input.zone).minuteOfDay)
  }
}
