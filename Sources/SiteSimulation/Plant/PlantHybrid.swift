import EnergyDispatch
import EnergyModel
import SiteSimulator

/// A hybrid with its own control loop, and what it was told. Limits that are not refreshed are released by its timers.
struct PlantHybrid: Sendable {
  let site: SiteParameters.Hybrid
  let strings: [PVString]
  private(set) var inverter: HybridInverter
  private(set) var settings: InverterSettings
  /// Of what its battery could do at most, W.
  let batteryParameters: BatteryParameters
  /// What the strings could deliver, DC W.
  private(set) var available = 0.0

  init(_ site: SiteParameters.Hybrid, _ description: SiteDescription) {
    self.site = site
    strings = description.strings[site.device] ?? []
    var parameters = InverterParameters()
    parameters.rating = site.acLimit.value
    var battery = BatteryParameters()
    battery.capacity = max(1, site.battery?.usable.value ?? 1)
    battery.chargeMax = site.battery?.maximumCharge.value ?? 0
    battery.dischargeMax = site.battery?.maximumDischarge.value ?? 0
    battery.soc = site.battery == nil ? 0 : description.soc
    battery.floor = site.battery == nil ? 0 : 4
    battery.ambient = description.ambient
    batteryParameters = battery
    inverter = HybridInverter(parameters: parameters, battery: battery)
    settings = InverterSettings(maximumPower: parameters.rating)
    settings.isGridChargingAllowed = site.battery?.gridCharging == .allowed
  }

  var hasBattery: Bool { site.battery != nil }
  var batteryPower: Double { hasBattery ? inverter.battery.power : 0 }
  var soc: Double { inverter.battery.soc }
  var rating: Double { site.acLimit.value }
  var chargeMax: Double { hasBattery ? inverter.battery.chargeCapability : 0 }
  var dischargeMax: Double { hasBattery ? inverter.battery.dischargeCapability(reserve: 0) : 0 }
  var reversions: Int = 0

  mutating func look(_ weather: Weather, sun: Double?, shared: Double?) {
    if let shared {
      available = shared
    } else if let sun {
      available = sun * strings.reduce(0) { $0 + $1.peak }
    } else {
      available = strings.reduce(0) { $0 + $1.available(weather.irradiance, outdoor: weather.temperature) }
    }
  }

  /// Beside the grid. `load` is what its own sensor asks it to cover, W.
  mutating func run(_ seconds: Double, load: Double, exportCap: Double?, isCharging: Bool) {
    reversions += settings.runTimers(seconds)
    let programme = isCharging && settings.isGridChargingAllowed && hasBattery && available < 1
    inverter.parameters.exportCap = programme ? nil : exportCap
    inverter.step(seconds, load: programme ? -rating : load, available: available, settings: settings)
  }

  /// As the island's source; limits of the connection mean nothing to it. Returns what it could not give, W.
  mutating func formGrid(_ seconds: Double, load: Double) -> Double {
    reversions += settings.runTimers(seconds)
    return inverter.formGrid(seconds, load: load, available: available)
  }

  /// Without power at the busbar.
  mutating func standStill(_ seconds: Double) {
    reversions += settings.runTimers(seconds)
    inverter.standStill(seconds, available: available)
  }

  /// Takes a command. False where it has no such setting.
  mutating func take(_ setpoint: Setpoint) -> Bool {
    switch setpoint.kind {
    case .chargeLimit:
      guard hasBattery, let reversion = site.batteryReversion else { return false }
      settings.chargeLimit = 100 * setpoint.value / max(1, batteryParameters.chargeMax)
      settings.storageControl |= 1
      settings.storageTimer.seconds = Self.seconds(reversion)
      settings.storageTimer.restart()
    case .dischargeLimit:
      guard hasBattery, let reversion = site.batteryReversion else { return false }
      settings.dischargeLimit = 100 * setpoint.value / max(1, batteryParameters.dischargeMax)
      settings.storageControl |= 2
      settings.storageTimer.seconds = Self.seconds(reversion)
      settings.storageTimer.restart()
    case .productionLimit:
      guard let reversion = site.productionReversion else { return false }
      settings.productionLimit = 100 * setpoint.value / max(1, rating)
      settings.isProductionLimited = true
      settings.productionTimer.seconds = Self.seconds(reversion)
      settings.productionTimer.restart()
    default: return false
    }
    return true
  }

  private static func seconds(_ duration: Duration) -> UInt16 { UInt16(clamping: Int64(duration.seconds)) }
}
