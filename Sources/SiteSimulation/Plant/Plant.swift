import EnergyDispatch
public import EnergyModel
import Glibc
public import SiteSimulator

/// The site as it really is: sun, household, hybrids, loads, cars and heat pumps around one busbar. It knows nothing
/// of rules; it does what its devices were told, and what they do by themselves. Seeded: the same seed and the same
/// steps give the same run.
public struct Plant: Sendable {
  /// What held during the last step. Signs as in ``EnergyModel/Quantity``, W.
  public struct State: Sendable {
    public var time = Timestamp(milliseconds: 0)
    public var grid = PhaseValues.zero
    /// What nothing can switch.
    public var household = PhaseValues.zero
    public var loads = 0.0
    public var chargers = 0.0
    public var heatPumps = 0.0
    public var production = 0.0
    public var curtailed = 0.0
    public var battery = 0.0
    /// AC of all hybrids.
    public var hybrids = 0.0
    public var losses = 0.0
    public var generator = 0.0
    public var isGridPresent = true
    /// The island could not carry its load: nothing has power.
    public var isBlackout = false
    public var outdoor = 10.0
    public var frequency = 50.0

    public var consumption: Double { household.total + loads + chargers + heatPumps }
    public var isIslanded: Bool { !isGridPresent && !isBlackout }
  }

  public let description: SiteDescription
  public private(set) var state = State()
  var hybrids: [PlantHybrid]
  var loads: [PlantLoad]
  var chargers: [PlantCharger]
  var heatPumps: [PlantHeatPump]
  private var weather: Weather
  private var household: Household
  private var generatorStarts: Double?
  private var blackoutLeft = 0.0
  private let phases: Int
  private let ratings: Double
  private static let generatorDelay = 20.0
  /// After an overload the inverter tries again by itself.
  private static let restart = 60.0

  public init(_ description: SiteDescription, seed: UInt64, start: Timestamp) {
    self.description = description
    let site = description.parameters
    phases = site.fuse?.phases ?? 3
    var random = Random(seed: seed, stream: 11)
    hybrids = site.hybrids.map { PlantHybrid($0, description) }
    ratings = site.hybrids.reduce(0) { $0 + $1.acLimit.value }
    loads = []
    for (index, load) in site.loads.enumerated() {
      let isSingle = phases == 1 || load.phase != nil || load.rated.value <= 4600
      let phase = phases == 1 ? 0 : load.phase.map { $0 - 1 } ?? index % phases
      let share = description.habits.loadShare
      loads.append(PlantLoad(load, phase: isSingle ? phase : nil, share: share, using: &random))
    }
    chargers = []
    for charger in site.chargers { chargers.append(PlantCharger(charger, description.habits, using: &random)) }
    heatPumps = site.heatPumps.map { PlantHeatPump($0, description.habits) }
    var sky = WorldParameters()
    sky.latitude = description.latitude
    sky.longitude = description.longitude
    sky.cloudCover = description.cloudCover
    weather = Weather(parameters: sky, seed: seed, start: start)
    var house = HouseholdParameters()
    house.standby = description.habits.standby
    house.heatLoss = 0
    household = Household(parameters: house, seed: seed)
    state.time = start
  }

  /// Time passes; what is forced comes from `circumstances`.
  public mutating func step(_ seconds: Double, _ circumstances: Circumstances) {
    state.time = state.time + .milliseconds(Int64(seconds * 1000))
    state.isGridPresent = circumstances.isGridPresent
    weather.step(seconds, now: state.time)
    state.outdoor = weather.temperature + circumstances.warmer
    let file = description.series?.powers(at: state.time + description.zone.offset(at: state.time))
    if file == nil, circumstances.household == nil { household.step(seconds, weather: weather) }
    lookAtTheSky(file?.production, circumstances)
    let isSupplied = supply(seconds, circumstances)
    consume(seconds, file?.consumption, circumstances, isSupplied: isSupplied)
    if circumstances.isGridPresent { besideTheGrid(seconds) } else { onItsOwn(seconds, isSupplied: isSupplied) }
    addUp()
  }

  private mutating func lookAtTheSky(_ file: Double?, _ circumstances: Circumstances) {
    let peaks = description.parameters.hybrids.reduce(0) { $0 + $1.pvPeak.value }
    for index in hybrids.indices {
      let share = hybrids[index].site.pvPeak.value / max(1, peaks)
      let shared = description.series?.hasProduction == true ? file.map { $0 * share } : nil
      hybrids[index].look(weather, sun: circumstances.sun, shared: circumstances.sun == nil ? shared : nil)
    }
  }

  /// Whether there is power at the busbar in this step.
  private mutating func supply(_ seconds: Double, _ circumstances: Circumstances) -> Bool {
    guard !circumstances.isGridPresent else {
      blackoutLeft = 0
      generatorStarts = nil
      return true
    }
    let generator = generatorStarts ?? 0
    generatorStarts = generator + seconds
    blackoutLeft = max(0, blackoutLeft - seconds)
    let canForm = hybrids.contains { $0.hasBattery } || isGeneratorRunning
    return canForm && blackoutLeft <= 0
  }

  private var isGeneratorRunning: Bool {
    description.parameters.generator != nil && (generatorStarts ?? 0) >= Self.generatorDelay
  }

  private mutating func consume(
    _ seconds: Double, _ file: Double?, _ circumstances: Circumstances, isSupplied: Bool
  ) {
    let forced = circumstances.isEverythingAsking
    for index in loads.indices { loads[index].step(seconds, isForced: forced, isSupplied: isSupplied) }
    let hour = weather.solarHour
    for index in chargers.indices {
      chargers[index].step(seconds, hour: hour, isForced: forced, isSupplied: isSupplied)
    }
    for index in heatPumps.indices {
      heatPumps[index].step(seconds, outdoor: state.outdoor, isSupplied: isSupplied)
    }
    var house = (circumstances.household ?? file).map { PhaseValues(evenly: $0) } ?? household.power
    if let evening = description.habits.evening, evening.hours.contains(hour) {
      house += PhaseValues(evenly: evening.power)
    }
    if phases == 1 { house = PhaseValues(house.total, 0, 0) }
    state.household = isSupplied ? house : .zero
  }

  private mutating func besideTheGrid(_ seconds: Double) {
    state.isBlackout = false
    state.generator = 0
    state.frequency = 50
    let load = consumptionByPhase.total
    let cap = description.parameters.feedIn
    let isCharging = description.gridChargingHours?.contains(weather.solarHour) == true
    for index in hybrids.indices {
      let share = hybrids[index].rating / max(1, ratings)
      var exportCap: Double?
      if let cap, cap.storedIn == hybrids[index].site.device {
        // Its sensor sees what the others feed in as well.
        let others = hybrids.indices.reduce(0.0) { $1 == index ? $0 : $0 + hybrids[$1].inverter.ac }
        exportCap = max(0, cap.limit.value - max(0, others - (1 - share) * load))
      }
      hybrids[index].run(seconds, load: share * load, exportCap: exportCap, isCharging: isCharging)
    }
  }

  private mutating func onItsOwn(_ seconds: Double, isSupplied: Bool) {
    guard isSupplied else {
      state.generator = 0
      for index in hybrids.indices { hybrids[index].standStill(seconds) }
      return
    }
    let load = consumptionByPhase.total
    state.generator = isGeneratorRunning ? min(load, description.parameters.generator?.rated.value ?? 0) : 0
    let rest = load - state.generator
    let forming = hybrids.filter(\.hasBattery).reduce(0) { $0 + $1.rating }
    let before = hybrids
    var missing = forming > 0 ? 0 : rest
    for index in hybrids.indices {
      let share = hybrids[index].hasBattery ? hybrids[index].rating / max(1, forming) : 0
      if share > 0 {
        missing += max(0, hybrids[index].formGrid(seconds, load: share * rest))
      } else {
        // A string inverter stays away from an island that has no room for it.
        hybrids[index].standStill(seconds)
      }
    }
    if missing > 1 { collapse(seconds, before) }
    let isFull = hybrids.contains { $0.hasBattery && $0.soc > 98 }
    state.frequency = isFull ? 52 : 50
  }

  /// An island that is overloaded goes out: nobody has power, and the inverter tries again later.
  private mutating func collapse(_ seconds: Double, _ before: [PlantHybrid]) {
    state.isBlackout = true
    blackoutLeft = Self.restart
    hybrids = before
    state.generator = 0
    state.household = .zero
    for index in hybrids.indices { hybrids[index].standStill(seconds) }
    for index in loads.indices { loads[index].step(1e-9, isForced: false, isSupplied: false) }
    for index in chargers.indices { chargers[index].cut() }
    for index in heatPumps.indices { heatPumps[index].cut() }
  }

  var consumptionByPhase: PhaseValues {
    var sum = state.household
    for load in loads where load.power > 0 {
      if let phase = load.phase { sum[phase] += load.power } else { sum += PhaseValues(evenly: load.power) }
    }
    for charger in chargers where charger.power > 0 {
      for phase in charger.site.phases.prefix(charger.phases) {
        sum[phases == 1 ? 0 : phase - 1] += charger.power / Double(charger.phases)
      }
    }
    for pump in heatPumps where pump.power > 0 {
      if phases == 1 { sum.l1 += pump.power } else { sum += PhaseValues(evenly: pump.power) }
    }
    return sum
  }

  private mutating func addUp() {
    state.loads = loads.reduce(0) { $0 + $1.power }
    state.chargers = chargers.reduce(0) { $0 + $1.power }
    state.heatPumps = heatPumps.reduce(0) { $0 + $1.power }
    state.production = hybrids.reduce(0) { $0 + $1.inverter.pv }
    state.curtailed = hybrids.reduce(0) { $0 + $1.inverter.curtailed }
    state.battery = hybrids.reduce(0) { $0 + $1.batteryPower }
    state.hybrids = hybrids.reduce(0) { $0 + $1.inverter.ac }
    state.losses = hybrids.reduce(0) { $0 + $1.inverter.losses }
    let sources = state.hybrids + state.generator
    let fed = phases == 1 ? PhaseValues(sources, 0, 0) : PhaseValues(evenly: sources)
    state.grid = state.isGridPresent ? consumptionByPhase - fed : .zero
    if !state.isGridPresent, blackoutLeft > 0 {
      state.isBlackout = true
    } else if blackoutLeft <= 0 {
      state.isBlackout = false
    }
  }

  /// What is told to one device. False where it has no such setting.
  mutating func take(_ setpoint: Setpoint) -> Bool {
    if let index = hybrids.firstIndex(where: { $0.site.device == setpoint.device }) {
      return hybrids[index].take(setpoint)
    }
    if let index = loads.firstIndex(where: { $0.site.device == setpoint.device }) { return loads[index].take(setpoint) }
    if let index = chargers.firstIndex(where: { $0.site.device == setpoint.device }) {
      return chargers[index].take(setpoint)
    }
    if let index = heatPumps.firstIndex(where: { $0.site.device == setpoint.device }) {
      return heatPumps[index].take(setpoint)
    }
    return false
  }
}
