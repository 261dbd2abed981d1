import Commissioning
import DeviceProfile
import EnergyModel
import SiteConfig

/// Devices on MQTT speak when they like.
extension SiteVisit {
  static let patienceWithSensors = 15.0

  func hearSensors() async {
    for bus in configuration.mqttBuses {
      for sensor in bus.sensors where isWanted(sensor.device) {
        do {
          let read = try SensorRead(
            sensor, on: bus, site: configuration.site.id, wait: Self.patienceWithSensors, watch: nil, isJSON: false,
            isSilent: true)
          note(
            await read.missing().map { Finding(sensor.device, "reachable", .failed, $0) }
              ?? Finding(sensor.device, "reachable", .passed, "told all its values afresh"))
        } catch {
          note(Finding(sensor.device, "reachable", .failed, "\(error)"))
        }
      }
    }
  }
}
