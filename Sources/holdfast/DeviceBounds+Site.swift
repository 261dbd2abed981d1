import Commissioning
import EnergyDispatch
import EnergyModel

extension DeviceBounds {
  /// As the site's configuration has them.
  init(_ device: DeviceID, in site: SiteParameters) {
    self.init()
    if let hybrid = site.hybrids.first(where: { $0.device == device }) {
      acLimit = hybrid.acLimit.value
      battery = hybrid.battery.map {
        Battery(
          maximumCharge: $0.maximumCharge.value, maximumDischarge: $0.maximumDischarge.value,
          socWindow: $0.socWindow, temperatureWindow: $0.temperatureWindow,
          chargesFromGrid: $0.gridCharging == .allowed)
      }
    }
    if let charger = site.chargers.first(where: { $0.device == device }) {
      chargingCurrent = charger.current
      failsafeCurrent = charger.failsafeCurrent
      phases = charger.phases.count
    }
    isCritical = site.loads.first { $0.device == device }?.isCritical ?? false
  }
}
