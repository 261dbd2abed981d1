/// One hybrid inverter: two strings and a battery on a DC link, one bridge to the AC busbar. It regulates
/// the grid connection towards zero by itself, within its limits.
///
/// `ac = pv + battery − losses`, exactly. AC: into the busbar positive; battery: discharge positive; W.
public struct HybridInverter: Sendable {
  public private(set) var battery: Battery
  /// What the strings deliver together, DC W.
  public private(set) var pv = 0.0
  /// What they could deliver but must not, DC W.
  public private(set) var curtailed = 0.0
  public private(set) var ac = 0.0
  public private(set) var losses = 0.0
  /// Its export cap may be moved while it runs.
  public var parameters: InverterParameters
  /// The load as the inverter's own sensor sees it, W.
  private var sensedLoad = 0.0
  /// The most AC power at this moment, W.
  private var ceiling: Double

  public init(parameters: InverterParameters, battery: BatteryParameters) {
    self.parameters = parameters
    self.battery = Battery(parameters: battery)
    ceiling = parameters.rating
  }

  /// Finds the balance for a load and a sun that have been the same for long, without using up the battery.
  mutating func settle(load: Double, available: Double, settings: InverterSettings) {
    for _ in 0..<100 { step(0.1, load: load, available: available, settings: settings) }
    battery = Battery(parameters: battery.parameters, power: battery.power)
  }

  /// - Parameters:
  ///   - load: consumption at the busbar, W.
  ///   - available: what the strings could deliver, DC W.
  public mutating func step(_ seconds: Double, load: Double, available: Double, settings: InverterSettings) {
    sensedLoad += (load - sensedLoad) * lag(seconds, timeConstant: parameters.sensorLag)
    guard settings.isConnected else {
      rest(seconds, available: available)
      return
    }
    var upper = min(parameters.rating, settings.productionCeiling)
    if let cap = parameters.exportCap { upper = min(upper, sensedLoad + cap) }
    ceiling += (upper - ceiling) * lag(seconds, timeConstant: parameters.ceilingLag)

    let window = battery.window(over: seconds, reserve: settings.reserve)
    let target = batteryTarget(load: sensedLoad, upper: upper, available: available, settings: settings)
    var power = battery.power + (target - battery.power) * lag(seconds, timeConstant: parameters.batteryLag)
    power = min(max(power, window.lowerBound), window.upperBound)

    // First the strings are held back, then a forced discharge gives way.
    pv = min(available, max(0, stringsFor(ac: ceiling, battery: power)))
    if pv == 0, power > 0 { power = min(power, max(0, batteryFor(ac: ceiling, pv: 0))) }
    finish(seconds, battery: power, available: available)
  }

  /// The battery power that brings the grid to zero, as far as the settings allow.
  private func batteryTarget(
    load: Double, upper: Double, available: Double, settings: InverterSettings
  ) -> Double {
    let allowed = settings.batteryRange(battery.parameters)
    var target = batteryFor(ac: min(load, upper), pv: available)
    target = min(max(target, allowed.lowerBound), allowed.upperBound)
    let lowest = settings.isGridChargingAllowed ? -parameters.rating : 0
    return max(target, min(0, batteryFor(ac: lowest, pv: available)))
  }

  /// Runs an island: gives what the loads take as far as battery and strings can. Surplus that the battery does not
  /// take is held back in the strings.
  /// - Returns: what it could not give, W; more than zero is an overload.
  public mutating func formGrid(_ seconds: Double, load: Double, available: Double) -> Double {
    sensedLoad = load
    ceiling = parameters.rating
    let window = battery.window(over: seconds, reserve: 0)
    let needed = batteryFor(ac: min(load, parameters.rating), pv: available)
    let power = min(max(needed, window.lowerBound), window.upperBound)
    pv = available
    if needed < window.lowerBound { pv = min(available, max(0, stringsFor(ac: load, battery: power))) }
    finish(seconds, battery: power, available: available)
    return load - ac
  }

  /// Without power at its busbar it feeds nothing, takes nothing and delivers nothing.
  public mutating func standStill(_ seconds: Double, available: Double) {
    pv = 0
    ceiling = 0
    battery.step(seconds, power: 0)
    curtailed = available
    losses = 0
    ac = 0
  }

  private mutating func rest(_ seconds: Double, available: Double) {
    pv = 0
    ceiling = 0
    finish(seconds, battery: 0, available: available)
  }

  private mutating func finish(_ seconds: Double, battery power: Double, available: Double) {
    battery.step(seconds, power: power)
    curtailed = available - pv
    losses = loss(pv: pv, battery: power)
    ac = pv + power - losses
  }

  private func loss(pv: Double, battery: Double) -> Double {
    parameters.standby + parameters.trackerLoss * pv + parameters.batteryStageLoss * abs(battery)
      + parameters.bridgeLoss * abs(pv + battery)
  }

  /// Battery power that gives `ac` beside `pv`. The losses depend on the answer; each round shrinks the
  /// error to 3 %.
  private func batteryFor(ac: Double, pv: Double) -> Double {
    var power = ac - pv
    for _ in 0..<4 { power = ac - pv + loss(pv: pv, battery: power) }
    return power
  }

  /// The power of the strings that gives `ac` beside `battery`.
  private func stringsFor(ac: Double, battery: Double) -> Double {
    var power = ac - battery
    for _ in 0..<4 { power = ac - battery + loss(pv: max(0, power), battery: battery) }
    return power
  }
}
