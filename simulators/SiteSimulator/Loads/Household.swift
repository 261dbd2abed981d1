/// Everything in the house that nothing switches, on three phases.
public struct Household: Sendable {
  /// W on each phase.
  public private(set) var power = PhaseValues.zero
  /// var on each phase, inductive positive.
  public private(set) var reactive = PhaseValues.zero
  private var random: Random
  private var running: [RunningAppliance] = []
  private var heatPump: HeatPump
  private var restlessness: [Wander]
  private var fridgeAge: Double
  private var lighting = 0.0
  private let standby: Double

  public init(parameters: HouseholdParameters, seed: UInt64) {
    random = Random(seed: seed, stream: 2)
    standby = parameters.standby
    heatPump = HeatPump(heatLoss: parameters.heatLoss, using: &random)
    fridgeAge = random.between(0...2400)
    restlessness = []
    for _ in 0..<3 { restlessness.append(Wander(spread: 9, seconds: 12, using: &random)) }
  }

  public mutating func step(_ seconds: Double, weather: Weather) {
    startAppliances(seconds, hour: weather.solarHour)
    heatPump.step(seconds, outdoor: weather.temperature)
    fridgeAge += seconds
    stepLighting(seconds, weather: weather)
    for phase in 0..<3 { restlessness[phase].step(seconds, using: &random) }
    addUp()
  }

  private mutating func startAppliances(_ seconds: Double, hour: Double) {
    for index in running.indices { running[index].advance(seconds, using: &random) }
    running.removeAll(where: \.isFinished)
    for index in Appliance.all.indices
    where random.happens(perHour: Appliance.all[index].rate(hour: hour), within: seconds) {
      running.append(RunningAppliance(Appliance.all[index], using: &random))
    }
  }

  /// Lamps burn while it is dark and people are up.
  private mutating func stepLighting(_ seconds: Double, weather: Weather) {
    let isUp = (5.8..<23.2).contains(weather.solarHour)
    let dark = min(1, max(0, (4 - weather.irradiance.sun.elevation) / 8))
    let target = (isUp ? 190 : 15) * dark
    lighting += (target - lighting) * lag(seconds, timeConstant: 90)
  }

  private mutating func addUp() {
    let fridge = fridgeAge.truncatingRemainder(dividingBy: 2400) < 800 ? 85.0 : 0
    var active = PhaseValues(
      0.4 * standby + lighting * 0.5, 0.3 * standby + lighting * 0.3, 0.3 * standby + lighting * 0.2 + fridge)
    active += PhaseValues(evenly: heatPump.power)
    var blind = PhaseValues(20, 12, 12 + 0.5 * fridge)
    blind += PhaseValues(evenly: 0.2 * heatPump.power)
    for appliance in running {
      active[appliance.phase] += appliance.draw
      blind[appliance.phase] += appliance.draw * appliance.reactive
    }
    for phase in 0..<3 { active[phase] = max(10, active[phase] + restlessness[phase].value) }
    power = active
    reactive = blind
  }
}
