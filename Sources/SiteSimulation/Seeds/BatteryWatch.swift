import EnergyDispatch
import EnergyModel
import SiteSimulator

/// Window of the state of charge, temperature, what the BMS allows and the reserve of one battery, and that it is not asked for more
/// than its inverter passes beside the strings.
struct BatteryWatch: Sendable {
  private let hybrid: SiteParameters.Hybrid
  private let battery: SiteParameters.Battery
  private var low: Overrun
  private var high: Overrun
  private var temperature: Overrun
  private var reserve: Overrun
  private var passed: Overrun
  /// What is no use of a battery but its own consumption, W.
  private let idle: Double

  init(_ hybrid: SiteParameters.Hybrid, _ battery: SiteParameters.Battery, reaction: Double) {
    self.hybrid = hybrid
    self.battery = battery
    low = Overrun(permitted: reaction)
    high = low
    temperature = low
    reserve = low
    // Clouds are waited for, a minute before each step (seed 4126 took three of them).
    passed = Overrun(permitted: reaction + 180)
    idle = 60 + 0.02 * max(battery.maximumCharge.value, battery.maximumDischarge.value)
  }

  mutating func look(_ scene: Judge.Scene) -> Violation? {
    guard let plant = scene.plant.hybrids.first(where: { $0.site.device == hybrid.device }) else { return nil }
    let isSound = scene.isSound(hybrid.device, for: scene.reaction)
    // In an island, and while nothing can be told to the inverter, it governs itself.
    let isExcused =
      !isSound || !scene.isAgentUp(for: scene.reaction) || !scene.isConnected(for: scene.reaction)
      || hybrid.batteryReversion == nil
    let soc = plant.soc
    let power = plant.batteryPower
    let window = battery.socWindow
    let second = scene.second
    if low.follow(soc < window.lowerBound - 0.2 && power > idle, isExcused: isExcused, at: second) {
      return scene.violation("SoC window", "\(hybrid.device) discharges \(Int(power)) W at \(soc) %")
    }
    if high.follow(soc > window.upperBound + 0.2 && power < -idle, isExcused: isExcused, at: second) {
      return scene.violation("SoC window", "\(hybrid.device) charges \(Int(-power)) W at \(soc) %")
    }
    let celsius = plant.inverter.battery.temperature
    let bounds = battery.temperatureWindow
    let isOutside = celsius < bounds.lowerBound - 0.2 || celsius > bounds.upperBound + 0.2
    if temperature.follow(isOutside && abs(power) > idle, isExcused: isExcused, at: second) {
      return scene.violation("temperature", "\(hybrid.device) runs \(Int(power)) W at \(celsius) °C")
    }
    // Site protection and what outranks it may use the reserve; a contract may not.
    let mayUse = isExcused || scene.isStressed(within: 180) || scene.isLegallyLimited(within: scene.reaction)
    let kept = scene.plant.description.parameters.reserve.value
    if reserve.follow(soc < kept - 0.3 && power > idle, isExcused: mayUse, at: second) {
      return scene.violation(
        "reserve", "\(hybrid.device) discharges \(Int(power)) W at \(soc) %, the reserve is \(kept) %")
    }
    if passed.follow(asksTooMuch(plant), isExcused: isExcused, at: second) {
      let strings = Int(plant.inverter.pv)
      return scene.violation(
        "inverter rating",
        "\(hybrid.device) may discharge \(plant.settings.dischargeLimit) % beside \(strings) W of strings")
    }
    // Handed back to an inverter that runs an island, the limits are opened: its own link to the BMS governs.
    return isSound && scene.isConnected(for: scene.reaction) ? allowed(scene, plant) : nil
  }

  /// Whether it holds a bound that would have it hold its strings back; bounds come in tenths of the battery's power. What strings
  /// could give that are held back already nobody knows.
  private func asksTooMuch(_ plant: PlantHybrid) -> Bool {
    guard plant.settings.storageControl & 2 != 0 else { return false }
    let told = plant.settings.dischargeLimit / 100 * battery.maximumDischarge.value
    return told > max(0, plant.rating - plant.inverter.pv) + 0.1 * battery.maximumDischarge.value + 0.05 * plant.rating
      + 100
  }

  /// What is told to the inverter stays within what its BMS allows at that moment, but for the dead band of writing.
  private func allowed(_ scene: Judge.Scene, _ plant: PlantHybrid) -> Violation? {
    for command in scene.step.outcome?.commands ?? [] where command.device == hybrid.device {
      for setpoint in command.setpoints {
        let most: Double
        switch setpoint.kind {
        case .chargeLimit: most = min(battery.maximumCharge.value, plant.chargeMax)
        case .dischargeLimit: most = min(battery.maximumDischarge.value, plant.dischargeMax)
        default: continue
        }
        if setpoint.value > most + idle {
          let text = "\(setpoint.kind.rawValue) \(setpoint.value) for \(hybrid.device), its BMS allows \(Int(most)) W"
          return scene.violation("BMS limit", text)
        }
      }
    }
    return nil
  }
}
