public import EnergyDispatch
import EnergyModel
import SiteSimulator

/// What a run came to: energies in Wh, at the busbar; shares in percent.
public struct Account: Sendable {
  public private(set) var seconds = 0.0
  public private(set) var consumption = 0.0
  public private(set) var production = 0.0
  public private(set) var curtailed = 0.0
  public private(set) var imported = 0.0
  public private(set) var exported = 0.0
  public private(set) var charged = 0.0
  public private(set) var discharged = 0.0
  /// ct: what was bought less what was sold; nil without a tariff.
  public private(set) var cost: Double?
  /// The highest mean import of an aligned quarter hour, W.
  public private(set) var peak = 0.0
  /// Seconds in which a limit was exceeded for longer than a grid connection or a law allows.
  public private(set) var overFuse = 0.0
  public private(set) var overFeedIn = 0.0
  public private(set) var overLegal = 0.0
  /// Loads and consumers that were held back: relays switched off, cars paused, heat pumps blocked.
  public private(set) var sheds = 0
  public private(set) var writes = 0
  public private(set) var blackout = 0.0
  /// Hours in which a heat pump's store was empty, and what cars left without, Wh.
  public private(set) var uncomfortable = 0.0
  public private(set) var unservedCars = 0.0
  private var usable: Double
  /// ct/kW.
  private let demandPrice: Double?
  private var isHeld: [Bool] = []
  private var fuse = Overrun(permitted: 60)
  private var feedIn = Overrun(permitted: 60)
  private var legal = Overrun(permitted: 300)
  private var quarter: (index: Int64, energy: Double)?

  public init(_ site: SiteParameters) {
    usable = site.hybrids.reduce(0) { $0 + ($1.battery?.usable.value ?? 0) }
    demandPrice = site.demand?.price
    if site.tariff != nil { cost = 0 }
  }

  /// What the peak costs, ct; nil where it has no price.
  public var peakCost: Double? { demandPrice.map { $0 * peak / 1000 } }

  /// Share of the production that was used on the spot or stored, %; nil without production.
  public var selfConsumption: Double? { production > 0 ? 100 * max(0, 1 - exported / production) : nil }
  /// Share of the consumption that the grid did not have to deliver, %.
  public var autarky: Double? { consumption > 0 ? 100 * max(0, 1 - imported / consumption) : nil }
  /// Full cycles of all batteries together; nil without one.
  public var cycles: Double? { usable > 0 ? discharged / usable : nil }

  public mutating func add(_ step: SiteLoop.Step, _ loop: SiteLoop) {
    let plant = loop.plant
    let state = plant.state
    let hours = step.seconds / 3600
    seconds += step.seconds
    consumption += state.consumption * hours
    production += state.production * hours
    curtailed += state.curtailed * hours
    let grid = state.grid.total
    imported += max(0, grid) * hours
    exported += max(0, -grid) * hours
    charged += max(0, -state.battery) * hours
    discharged += max(0, state.battery) * hours
    if state.isBlackout { blackout += step.seconds }
    count(plant, step)
    price(plant, grid * hours)
    demand(state.time, max(0, grid), step.seconds)
    writes = loop.writes
    uncomfortable = plant.heatPumps.reduce(0) { $0 + $1.uncomfortable }
    unservedCars = plant.chargers.reduce(0) { $0 + $1.unserved }
  }

  private mutating func count(_ plant: Plant, _ step: SiteLoop.Step) {
    if let limit = plant.description.parameters.fuse,
      fuse.follow(plant.worstCurrent > 1.01 * limit.rating.value, at: step.second)
    {
      overFuse += step.seconds
    }
    if let cap = plant.description.parameters.feedIn,
      feedIn.follow(-plant.state.grid.total > 1.01 * cap.limit.value + 50, at: step.second)
    {
      overFeedIn += step.seconds
    }
    let limit = plant.legalLimit(step.circumstances)
    if legal.follow(limit.map { plant.controllableDraw > 1.02 * $0 + 50 } ?? false, at: step.second) {
      overLegal += step.seconds
    }
    var place = 0
    for index in plant.loads.indices { follow(!plant.loads[index].isOn, &place) }
    for index in plant.heatPumps.indices { follow(plant.heatPumps[index].state == 1, &place) }
    for index in plant.chargers.indices { follow(plant.chargers[index].isHeld, &place) }
  }

  private mutating func follow(_ isHeld: Bool, _ place: inout Int) {
    defer { place += 1 }
    guard place < self.isHeld.count else {
      self.isHeld.append(isHeld)
      return
    }
    if isHeld, !self.isHeld[place] { sheds += 1 }
    self.isHeld[place] = isHeld
  }

  private mutating func price(_ plant: Plant, _ energy: Double) {
    guard let tariff = plant.description.parameters.tariff else { return }
    let local = plant.state.time + plant.description.zone.offset(at: plant.state.time)
    let minute = Int((local.milliseconds / 60_000) % 1440)
    let price = energy > 0 ? tariff.buyPrice(at: minute) ?? 0 : tariff.sellPrice(at: minute)
    cost = (cost ?? 0) + energy * price / 1000
  }

  private mutating func demand(_ time: Timestamp, _ power: Double, _ seconds: Double) {
    let index = time.milliseconds / 900_000
    guard let running = quarter, running.index == index else {
      if let done = quarter { peak = max(peak, done.energy * 4) }
      quarter = (index, power * seconds / 3600)
      return
    }
    quarter = (index, running.energy + power * seconds / 3600)
  }
}

extension PlantCharger {
  /// A car is there and may not charge.
  fileprivate var isHeld: Bool { isConnected && told < site.current.lowerBound }
}
