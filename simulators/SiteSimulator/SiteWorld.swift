public import EnergyModel

/// A site with its physics: sun, household, hybrid inverter, battery and grid. Seeded: the same seed and
/// the same steps give the same run. Nothing in it reads a clock; ``step(by:)`` is the passing of time.
///
/// Steps of 0.1…0.2 s show the lags of the inverter; steps up to a minute give the same energies cheaply.
public struct SiteWorld: Sendable {
  public let parameters: WorldParameters
  /// What holds after the last step.
  public private(set) var truth: Truth
  /// What controllers have written into the inverter.
  public var settings: InverterSettings
  /// What controllers have written into the wall box.
  public var wallBox: WallBoxSettings
  /// Contacts of the relay; 0 supplies the boiler, 1 and 2 are the heat pump's K1 and K2. They latch.
  public var relays: [Bool]
  public var overrides: Overrides

  private let start: Timestamp
  private var elapsed = Duration.zero
  private var weather: Weather
  private var household: Household
  private var boiler: Boiler
  private var boilerRandom: Random
  private var inverter: HybridInverter
  private var grid: GridConnection
  private var car: Car?
  private var heatPump: SwitchedHeatPump?
  /// Seconds and boiler heat (Ws) since nature was stepped last; it needs no steps below a second.
  private var untold = 0.0
  private var boilerHeat = 0.0

  /// - Parameter start: calendar time at which the world begins, for sun and habits.
  public init(
    parameters: WorldParameters = WorldParameters(), seed: UInt64, start: Timestamp, overrides: Overrides = Overrides()
  ) {
    self.parameters = parameters
    self.overrides = overrides
    self.start = start
    settings = InverterSettings(maximumPower: parameters.inverter.rating)
    relays = Array(repeating: false, count: parameters.relays)
    relays[0] = true
    wallBox = WallBoxSettings(current: parameters.wallBox?.rating ?? 0)
    car = parameters.wallBox.map(Car.init)
    heatPump = parameters.heatPump.map(SwitchedHeatPump.init)
    weather = Weather(parameters: parameters, seed: seed, start: start)
    household = Household(parameters: parameters.household, seed: seed)
    boilerRandom = Random(seed: seed, stream: 4)
    boiler = Boiler(rated: parameters.household.boiler, using: &boilerRandom)
    inverter = HybridInverter(parameters: parameters.inverter, battery: parameters.battery)
    grid = GridConnection(seed: seed)
    truth = Truth(time: start)
    household.step(1, weather: weather)
    car?.live(hour: weather.solarHour, presence: overrides.car)
    settle()
  }

  /// A world that has run for long already: the inverter has found its balance.
  private mutating func settle() {
    let load = self.load(boiler: boilerPower)
    let (first, second) = available
    inverter.settle(load: load.total, available: first + second, settings: settings)
    record(load: load, available: (first, second))
  }

  /// Time passes; `duration` > 0.
  public mutating func step(by duration: Duration) {
    precondition(duration > .zero, "time only goes forward")
    let seconds = duration.seconds
    elapsed += duration
    truth.time = start + elapsed
    truth.reversions += settings.runTimers(seconds)
    stepNature(seconds)
    stepConsumers(seconds)
    let load = self.load(boiler: boilerPower)
    let (first, second) = available
    inverter.step(seconds, load: load.total, available: first + second, settings: settings)
    record(load: load, available: (first, second))
    boilerHeat += truth.boiler * seconds
    truth.car.energy += truth.car.power.total * seconds / 3600
    let before = truth.energy
    truth.energy.add(truth, hours: seconds / 3600)
    let share = truth.pv > 0 ? truth.strings.first.power / truth.pv : 0
    let gained = truth.energy.pv - before.pv
    truth.strings.first.energy += gained * share
    truth.strings.second.energy += gained * (1 - share)
  }

  private mutating func stepConsumers(_ seconds: Double) {
    if wallBox.runTimer(seconds) { truth.car.reversions += 1 }
    car?.live(hour: weather.solarHour, presence: overrides.car)
    car?.step(seconds, offered: wallBox.offered)
    let state = heatPumpState
    heatPump?.step(seconds, state: state, outdoor: weather.temperature, demand: overrides.heatPump)
  }

  private var heatPumpState: Int { SwitchedHeatPump.state(k1: relays[1], k2: relays[2]) }

  /// Digital inputs of the board: the grid operator's contact hangs on the first.
  public var inputs: [Bool] { [overrides.isContactClosed] + Array(repeating: false, count: 7) }

  /// Counts a write that the wall box carried out.
  mutating func countWallBoxWrite() { truth.car.writes += 1 }

  /// Counts a write that the inverter carried out.
  mutating func countWrite() { truth.writes += 1 }

  private mutating func stepNature(_ seconds: Double) {
    untold += seconds
    guard untold >= 0.999 else { return }
    weather.step(untold, now: truth.time)
    household.step(untold, weather: weather)
    boiler.step(untold, heat: boilerHeat / untold, hour: weather.solarHour, using: &boilerRandom)
    grid.step(untold, power: truth.grid)
    untold = 0
    boilerHeat = 0
  }

  private var boilerPower: Double { boiler.power(isSupplied: relays[0], demand: overrides.boiler) }

  /// The boiler hangs on L2.
  private func load(boiler: Double) -> PhaseValues {
    var load = uncontrolled
    load.l2 += boiler
    if let car { load += car.power }
    if let heatPump { load += PhaseValues(evenly: heatPump.power) }
    return load
  }

  private var uncontrolled: PhaseValues {
    overrides.phaseLoads ?? overrides.load.map { PhaseValues(evenly: $0) } ?? household.power
  }

  private var available: (Double, Double) {
    let strings = parameters.strings
    if let forced = overrides.pv {
      let share = parameters.peak > 0 ? strings.0.peak / parameters.peak : 0.5
      return (forced * share, forced * (1 - share))
    }
    let (light, outdoor) = (weather.irradiance, weather.temperature)
    return (strings.0.available(light, outdoor: outdoor), strings.1.available(light, outdoor: outdoor))
  }

  private mutating func record(load: PhaseValues, available: (Double, Double)) {
    truth.load = load
    truth.household = uncontrolled
    truth.boiler = boilerPower
    recordConsumers()
    truth.inverter = PhaseValues(evenly: inverter.ac)
    truth.grid = load - truth.inverter
    truth.reactive = household.reactive
    truth.pv = inverter.pv
    truth.curtailed = inverter.curtailed
    truth.battery = inverter.battery.power
    truth.losses = inverter.losses
    truth.batteryCondition = BatteryCondition(inverter.battery, reserve: settings.reserve)
    truth.voltage = grid.voltage
    truth.frequency = grid.frequency
    truth.outdoorTemperature = weather.temperature
    let share = available.0 + available.1 > 0 ? available.0 / (available.0 + available.1) : 0
    truth.strings.first.power = inverter.pv * share
    truth.strings.second.power = inverter.pv - truth.strings.first.power
    truth.strings.first.voltage = parameters.strings.0.voltage(
      power: truth.strings.first.power, available: available.0)
    truth.strings.second.voltage = parameters.strings.1.voltage(
      power: truth.strings.second.power, available: available.1)
  }

  private mutating func recordConsumers() {
    truth.car.offered = wallBox.offered
    if let car {
      truth.car.power = car.power
      truth.car.current = car.current
      truth.car.isHere = car.isHere
      truth.car.soc = car.soc
    }
    truth.heatPump.state = heatPumpState
    if let heatPump {
      truth.heatPump.power = heatPump.power
      truth.heatPump.store = heatPump.temperature
    }
  }
}
