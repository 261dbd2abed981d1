import EnergyDispatch
import EnergyModel
import SiteSimulation
import SiteSimulator

/// Sites that the tests of the simulation share.
enum Sites {
  static let hybrid: DeviceID = "hybrid"
  static let boiler: DeviceID = "boiler"
  static let pool: DeviceID = "pool"
  static let car: DeviceID = "car"
  static let pump: DeviceID = "heat-pump"
  static let meter: DeviceID = "meter"
  /// 2026-06-21T00:00Z, a Sunday.
  static let midsummer = Timestamp(milliseconds: 1_782_000_000_000)
  static let midwinter = Timestamp(milliseconds: 1_768_000_000_000)

  /// 10 kW hybrid with 9.8 kW of strings and 10 kWh, boiler and pool behind relays, fuse 3 × 35 A, reserve 20 %.
  static func house(_ change: (inout SiteParameters) -> Void = { _ in }) -> SiteParameters {
    let battery = SiteParameters.Battery(
      usable: WattHours(10_000), socWindow: 10...95, gridCharging: .allowed, maximumCharge: Watts(5000),
      maximumDischarge: Watts(5000))
    let inverter = SiteParameters.Hybrid(
      device: hybrid, acLimit: Watts(10_000), pvPeak: Watts(9800), battery: battery,
      batteryReversion: .seconds(60), productionReversion: .seconds(60))
    var site = SiteParameters(
      mode: .control, gridMeter: .init(device: meter), hybrids: [inverter],
      loads: [
        .init(device: boiler, rated: Watts(3000), priority: 2), .init(device: pool, rated: Watts(1100), priority: 1),
      ],
      fuse: .init(phases: 3, rating: Amperes(35)), baseLoad: Watts(1500),
      feedIn: .init(limit: Watts(5880), storedIn: nil), reserve: Percent(20), economics: ["self-consumption"])
    change(&site)
    return site
  }
}
