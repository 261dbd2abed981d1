import ArgumentParser
import DeviceProfile
import EnergyModel
import ModbusDevices
import SiteConfig

/// The configuration, for the installer's tools, whose arguments name devices.
struct SiteFileOptions: ParsableArguments {
  @Option(name: .customLong("config"), help: "The site's configuration.")
  var file = "/etc/holdfast/site.yaml"

  @Option(
    name: .customLong("profiles"),
    help: "A folder with device profiles; may be given several times. Searched before the usual places.")
  var folders: [String] = []

  /// The configuration, or every problem on standard error and exit code 78 (EX_CONFIG).
  func load() throws -> SiteConfiguration {
    var options = ConfigurationOptions()
    options.file = file
    options.folders = folders
    return try options.load()
  }
}

extension SiteConfiguration {
  /// A device of the site, wherever it is.
  enum Place {
    case modbus(ModbusBus, ModbusDevice)
    case mqtt(MQTTBus, SensorDefinition)
  }

  func place(of id: DeviceID) -> Place? {
    for bus in modbusBuses {
      if let device = bus.devices.first(where: { $0.id == id }) { return .modbus(bus, device) }
    }
    for bus in mqttBuses {
      if let sensor = bus.sensors.first(where: { $0.device == id }) { return .mqtt(bus, sensor) }
    }
    return nil
  }

  /// Every device and load, in the order of the file.
  var deviceNames: [DeviceID] {
    modbusBuses.flatMap(\.devices).map(\.id) + mqttBuses.flatMap(\.sensors).map(\.device)
  }

  /// The same, or the names that there are on standard error and exit code 64 (EX_USAGE).
  func requirePlace(of name: String) throws -> Place {
    if let place = place(of: DeviceID(name)) { return place }
    complain("holdfast: there is no device \(name): \(deviceNames.map(\.name).joined(separator: ", "))")
    throw ExitCode(64)
  }

  func onlyReadReason(_ device: DeviceID) -> String? { readOnly.first { $0.device == device }?.reason }
}

extension BusTalk {
  /// To devices of one bus, as a person asks for it: what may be written is decided by who calls.
  convenience init(_ bus: SiteConfiguration.ModbusBus, only: Set<DeviceID>, time: any TimeSource) {
    self.init(
      bus.endpoint, pause: bus.pause,
      devices: bus.devices.filter { only.contains($0.id) }.map {
        BusDevice(
          id: $0.id, profile: $0.profile, unit: $0.unit, serial: $0.serial, period: $0.period, mayWrite: true)
      }, time: time)
  }
}

extension BusEndpoint {
  var text: String {
    switch self {
    case .tcp(let host, let port): host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
    case .serial(let path, let line): "\(path) (\(line))"
    }
  }
}
