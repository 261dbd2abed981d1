import Commissioning
import DeviceProfile
import EnergyDispatch
import EnergyModel
import ModbusDevices
import SiteConfig

/// A Modbus device of the site during a visit.
final class VisitedDevice {
  let bus: SiteConfiguration.ModbusBus
  let device: SiteConfiguration.ModbusDevice
  let talk: DeviceTalk
  let bounds: DeviceBounds
  /// Why it is never written, in words.
  let onlyRead: String?
  /// What it said before anything was tried.
  var survey: [Sample] = []
  var serial: String?

  init(
    bus: SiteConfiguration.ModbusBus, device: SiteConfiguration.ModbusDevice, talk: DeviceTalk,
    in configuration: SiteConfiguration
  ) {
    self.bus = bus
    self.device = device
    self.talk = talk
    bounds = DeviceBounds(device.id, in: configuration.control)
    onlyRead = configuration.onlyReadReason(device.id)
  }

  var id: DeviceID { device.id }
  var profile: DeviceProfile { device.profile }

  func command(_ kind: SetpointKind) -> CommandDefinition? {
    profile.commands.first { $0.parameters.contains(kind) }
  }

  func mean(_ point: Point) -> Double? {
    let values = survey.compactMap { $0.good(point) }
    return values.isEmpty ? nil : values.reduce(0, +) / Double(values.count)
  }

  var reported: VisitReport.Device {
    VisitReport.Device(
      id: id, profile: profile.name, title: profile.title, place: "\(bus.endpoint.text), unit \(device.unit)",
      serial: serial, readings: survey.last?.readings ?? [])
  }
}

extension SiteParameters {
  /// What control cannot do without of a device.
  func neededPoints(of device: DeviceID) -> [Point] {
    if gridMeter?.device == device { return [.power] }
    if let hybrid = hybrids.first(where: { $0.device == device }) {
      return [.power] + (hybrid.battery == nil ? [] : [.soc, .batteryPower])
    }
    if loads.contains(where: { $0.device == device }) { return [.relayOn] }
    if heatPumps.contains(where: { $0.device == device }) { return [.heatPumpState] }
    return []
  }
}
