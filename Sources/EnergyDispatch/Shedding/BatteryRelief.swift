import EnergyModel

/// What one battery can give, at the busbar.
struct BatteryRelief: Sendable {
  /// Of DC to AC, on the safe side: inverters lose 3 to 8 %.
  private static let efficiency = 0.9
  private static let hour = 3600.0
  /// Of device protection at the ends of the temperature window, K.
  private static let hysteresis = 2.0

  let device: DeviceID
  /// The most it may take, W.
  let takes: Double
  /// The most it gives while it has energy, W.
  let gives: Double
  /// What lasts for the whole duration, W.
  let lasts: Double
  /// What the strings give beyond the AC rating, W: only the battery can take it.
  let spill: Double
  let rating: Double

  /// Nil without a battery that can be told.
  init?(_ hybrid: borrowing SiteParameters.Hybrid, _ view: borrowing SiteView, floor: Double, duration: Duration) {
    guard let battery = hybrid.battery, hybrid.batteryReversion != nil else { return nil }
    device = hybrid.device
    takes = battery.maximumCharge.value
    rating = battery.maximumDischarge.value
    guard let seen = view.hybrid(hybrid.device), let soc = seen.soc.value, let ac = seen.acPower,
      let power = seen.batteryPower
    else {
      (gives, lasts, spill) = (0, 0, 0)
      return
    }
    let idle = ac - power
    spill = max(0, idle - hybrid.acLimit.value)
    let share = seen.temperature.value.map { Self.share(battery, $0) } ?? (seen.temperature == .absent ? 1 : 0)
    let isWell = share > 0 && (seen.alarms.value ?? 0) == 0 && seen.alarms != .unknown && seen.dischargeMax != .unknown
    let energy = max(0, soc - max(floor, battery.socWindow.lowerBound)) / 100 * battery.usable.value * Self.efficiency
    guard isWell, energy > 0 else {
      (gives, lasts) = (0, 0)
      return
    }
    let most = min(
      share * rating, seen.dischargeMax.value ?? .infinity, hybrid.acLimit.value - min(idle, hybrid.acLimit.value))
    gives = max(0, most)
    lasts = duration > .zero ? min(gives, energy * Self.hour / duration.seconds) : gives
  }

  /// What of its rating its temperature leaves for discharging, 0...1. Device protection tapers it above the window of
  /// full power, and goes on forbidding it until the temperature is 2 K inside the window: who counted on the battery
  /// before that would give back loads again and again that nothing carries.
  private static func share(_ battery: SiteParameters.Battery, _ celsius: Double) -> Double {
    let high = battery.temperatureWindow.upperBound
    guard celsius >= battery.temperatureWindow.lowerBound + hysteresis, celsius <= high - hysteresis else { return 0 }
    return min(1, (high - celsius) / max(1e-3, high - battery.fullPowerWindow.upperBound))
  }

  /// Divides `power` (W ≥ 0) among batteries: first by what lasts, and what is beyond by what they have left.
  static func divide(_ power: Double, _ batteries: [BatteryRelief]) -> [Double] {
    let lasting = batteries.reduce(0) { $0 + $1.lasts }
    if power <= lasting { return batteries.map { lasting > 0 ? power * $0.lasts / lasting : 0 } }
    let headroom = batteries.reduce(0) { $0 + $1.gives - $1.lasts }
    let beyond = min(power - lasting, headroom)
    return batteries.map { $0.lasts + (headroom > 0 ? beyond * ($0.gives - $0.lasts) / headroom : 0) }
  }
}
