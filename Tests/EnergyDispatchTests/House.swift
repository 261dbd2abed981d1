import EnergyModel
import Forecasting
import TestKit

@testable import EnergyDispatch

/// A house that answers: chargers, relays and the battery do what was decided, and the meter shows it, if told so some seconds
/// late. Rules, arbitration and leases are the agent's own; a goal for the import can be put beside them.
struct House {
  static let car: DeviceID = "car"
  static let pump: DeviceID = "heat-pump"

  let site: SiteParameters
  let time = ManualTime()
  /// What nothing can switch, W on each phase.
  var household = [500.0, 500, 500]
  var pv = 0.0
  /// What a car takes at most, A on each of its phases; nil where there is none.
  var cars: [DeviceID: Double] = [:]
  /// What a heat pump takes while it is not blocked, W.
  var pumps: [DeviceID: Double] = [:]
  var soc = 50.0
  var batteryObeys = true
  var carsObey = true
  /// Chargers that take what their car wants, whatever they are told.
  var deaf: Set<DeviceID> = []
  var meterIsSilent = false
  /// Seconds.
  var meterDelay = 0
  var goal: ImportRelief.Goal?
  var orders = StandingOrders()

  var memory = ReliefMemory()
  private(set) var second = 0
  /// True powers, W, one for each second.
  private(set) var imported: [Double] = []
  private(set) var currents: [[Double]] = []
  private(set) var batteryPower: [Double] = []
  private(set) var carPower: [Double] = []
  /// What is off or blocked.
  private(set) var off: [(second: Int, device: DeviceID, isOff: Bool)] = []
  private(set) var limits: [Limit] = []

  private var relays: [DeviceID: Bool] = [:]
  private var blocks: [DeviceID: Bool] = [:]
  private var told: [DeviceID: Double] = [:]
  private var battery = -Double.infinity...Double.infinity
  private var book: RuleBook
  var switches: SwitchHistory
  var consumers: ConsumerHistory
  private var reserves: ReserveWatch
  private let relief: ImportRelief
  private let arbitration: Arbitration

  init(_ site: SiteParameters, saved: [UInt8] = Scene.quietMemory) {
    self.site = site
    let start = time.now().monotonic
    book = RuleBook(site, saved: SavedMemory(saved), at: start)
    switches = SwitchHistory(site.loads, saved: SavedMemory(saved), at: start)
    consumers = ConsumerHistory(site, saved: SavedMemory(saved), at: time.now())
    reserves = ReserveWatch(site, saved: SavedMemory(saved))
    relief = ImportRelief(site: site)
    arbitration = Arbitration(Self.quantities(site))
    for load in site.loads { relays[load.device] = true }
    for pump in site.heatPumps {
      blocks[pump.device] = false
      pumps[pump.device] = 0
    }
  }

  mutating func run(_ seconds: Int) {
    for _ in 0..<seconds { step() }
  }

  /// One in twenty minutes for an hour, for which `percent` are to be kept.
  mutating func announceOutage(_ percent: Double) {
    let begin = time.now().monotonic + .seconds(1200)
    orders.reserve = [
      .init(value: percent, starts: begin, ends: begin + .seconds(3600), id: "outage", issuer: "vpp")
    ]
  }

  func isOff(_ device: DeviceID) -> Bool { relays[device] == false || blocks[device] == true }
  func switchings(_ device: DeviceID) -> [Int] { off.filter { $0.device == device }.map(\.second) }
  /// The most that was imported in the seconds from `start` on, W.
  func mostImported(from start: Int) -> Double { imported[(start - 1)...].max() ?? 0 }

  mutating func step() {
    time.advance(by: .seconds(1))
    second += 1
    live()
    let view = SiteView(snapshot(), site)
    switches.observe(view)
    consumers.observe(view)
    let input = RuleInput(
      view: view, forecast: nil, orders: orders, switches: switches, consumers: consumers, zone: .utc,
      reserves: reserves.step(orders, view))
    limits = relief.limits(goal, input, &memory)
    let statement = Statement(rule: "goal", precedence: .legalLimit, contribution: Contribution(limits: limits))
    var resolutions = arbitration.resolve(book.evaluate(input) + [statement])
    consumers.settle(&resolutions, at: view.now.monotonic)
    for lease in WantedLease.all(resolutions, view, hybrids: site.hybrids, chargers: site.chargers) { apply(lease) }
  }

  // MARK: physics

  private mutating func live() {
    var phases = household
    for load in site.loads where relays[load.device] == true { add(load.rated.value, load.phase, &phases) }
    for (pump, power) in pumps where blocks[pump] == false { add(power, nil, &phases) }
    var charging = 0.0
    for charger in site.chargers {
      let power = draw(of: charger)
      charging += power
      for phase in charger.phases { phases[phase - 1] += power / Double(charger.phases.count) }
    }
    let house = phases.reduce(0, +)
    let wanted = house - pv
    let stored = batteryObeys ? min(max(wanted, battery.lowerBound), battery.upperBound) : 0
    let power = min(max(stored, soc >= 95 ? 0 : -5000), soc <= 10 ? 0 : 5000)
    soc -= power / 3600 / 10_000 * 100
    let source = (power + pv) / 3
    phases = phases.map { $0 - source }
    batteryPower.append(power)
    carPower.append(charging)
    imported.append(phases.reduce(0, +))
    currents.append(phases.map { $0 / 230 })
  }

  private func draw(of charger: SiteParameters.Charger) -> Double {
    guard let wants = cars[charger.device] else { return 0 }
    let most =
      carsObey && !deaf.contains(charger.device)
      ? told[charger.device] ?? charger.current.upperBound : charger.current.upperBound
    guard most >= charger.current.lowerBound else { return 0 }
    return SiteParameters.Charger.power(min(wants, most), phases: charger.phases.count)
  }

  private func add(_ power: Double, _ phase: Int?, _ phases: inout [Double]) {
    if let phase { phases[phase - 1] += power } else { phases = phases.map { $0 + power / 3 } }
  }

  private func snapshot() -> SiteSnapshot {
    var values: [DeviceID: [Point: Double]] = [:]
    if !meterIsSilent {
      let seen = max(0, imported.count - 1 - meterDelay)
      let amperes = currents[seen]
      values[Scene.meter] = [
        .power: imported[seen], .currentL1: amperes[0], .currentL2: amperes[1], .currentL3: amperes[2],
        .powerL1: amperes[0] * 230, .powerL2: amperes[1] * 230, .powerL3: amperes[2] * 230,
      ]
    }
    let power = batteryPower.last ?? 0
    values[Scene.hybrid] = [
      .power: power + pv, .pvPower: pv, .batteryPower: power, .soc: soc, .batteryTemperature: 20,
      .chargePowerMax: 5000, .dischargePowerMax: 5000, .alarms: 0,
    ]
    for (device, isOn) in relays { values[device] = [.relayOn: isOn ? 1 : 0] }
    for (device, isBlocked) in blocks {
      values[device] = [.heatPumpState: isBlocked ? 1 : 2, .power: isBlocked ? 0 : pumps[device] ?? 0]
    }
    for charger in site.chargers {
      values[charger.device] = [
        .power: draw(of: charger), .chargingState: cars[charger.device] == nil ? 0 : 2,
        .chargingCurrentLimit: told[charger.device] ?? charger.current.upperBound,
      ]
    }
    let now = time.now()
    var snapshot = SiteSnapshot(now: now)
    for (device, points) in values {
      snapshot.observations[device] = PointMap(
        points.mapValues { Observation(value: $0, quality: .good, measured: now) })
    }
    return snapshot
  }

  private mutating func apply(_ lease: WantedLease) {
    let device = lease.key.device
    switch lease.key.part {
    case .battery: battery = -lease.values[0].value...lease.values[1].value
    case .production: break
    case .charger: told[device] = lease.values[0].value
    case .relay:
      let isOn = lease.values[0].value == 1
      if relays[device] != isOn { off.append((second, device, !isOn)) }
      relays[device] = isOn
    case .heatPump:
      let isBlocked = lease.values[0].value == 1
      if blocks[device] != isBlocked { off.append((second, device, isBlocked)) }
      blocks[device] = isBlocked
    }
  }

  private static func quantities(
    _ site: SiteParameters
  ) -> [(quantity: ControlledQuantity, physical: Interval)] {
    let batteries = site.hybrids.map {
      (
        ControlledQuantity.battery($0.device),
        Interval(-($0.battery?.maximumCharge.value ?? 0), $0.battery?.maximumDischarge.value ?? 0)
      )
    }
    return batteries + site.loads.map { (.supply($0.device), Interval(0, 1)) }
      + site.chargers.map { (.charging($0.device), Interval(0, $0.maximumPower)) }
      + site.heatPumps.map { (.heatPump($0.device), Interval(1, $0.canBoost ? 4 : 2)) }
  }
}

extension House {
  /// The scene's site with a car of 11 kW and two loads, without a fuse.
  static func site(_ change: (inout SiteParameters) -> Void = { _ in }) -> SiteParameters {
    Scene.parameters {
      $0.fuse = nil
      $0.loads = [Scene.load(Scene.boiler, 3000, 2), Scene.load(Scene.pool, 1100, 1)]
      $0.chargers = [.init(device: House.car)]
      change(&$0)
    }
  }

  static func goal(_ limit: Double, lasts: Duration? = .seconds(3600), within: Duration = .zero) -> ImportRelief.Goal {
    ImportRelief.Goal(
      limit: limit, lasts: lasts, reaction: within, cause: "import limit", reason: "the import is limited")
  }
}
