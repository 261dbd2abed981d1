import DeviceProfile
import EnergyDispatch
import EnergyModel

/// Reads a site's configuration, section by section, and puts it together when nothing is wrong.
struct SiteReader {
  let root: ConfigSection
  /// Relative names of files count from here.
  let folder: String
  let library: ProfileLibrary
  let problems: ProblemList

  static let keys = [
    "site", "buses", "devices", "loads", "limits", "channels", "strategy", "tariff", "uplinks", "journal", "api",
  ]
  static let later = ["forecast", "commands", "owner"]

  static func read(
    _ text: String, folder: String, library: ProfileLibrary, problems: ProblemList
  ) -> SiteConfiguration? {
    guard let node = YAMLText.compose(text, problems: problems) else { return nil }
    let value = ConfigValue(node: node, path: "", line: nil, problems: problems)
    guard let root = ConfigSection(value, keys: keys, later: later) else { return nil }
    var read = SiteReader(root: root, folder: folder, library: library, problems: problems).configuration()
    if let id = read?.site.id { read?.control.spreadSeed = spreadSeed(of: id) }
    return read
  }

  private func configuration() -> SiteConfiguration? {
    let site = root.required("site", "the site's id, time_zone, latitude and longitude").flatMap(readSite)
    let mode = site?.mode ?? .monitor
    let buses = root.required("buses", "at least one bus").map(readBuses) ?? []
    let devices =
      root.required("devices", "at least one device").map { readDevices($0, buses: buses, mode: mode) } ?? []
    let settled = settlePorts(buses, devices)
    let loads = root["loads"].map { readLoads($0, buses: buses, devices: devices) } ?? []
    let pumps = root["loads"].map { readHeatPumps($0, buses: buses, loads: loads) } ?? []
    let limits = root["limits"].map { readLimits($0, devices: devices) } ?? Limits()
    let strategy = root["strategy"].map { readStrategy($0, zone: site?.site.timeZone) } ?? Strategy()
    let tariff = root["tariff"].flatMap(readTariff)
    let uplinks =
      root["uplinks"].map { value in
        readUplinks(value, loads: loads, hasBattery: devices.contains(where: \.isHybrid))
      } ?? []
    let journal = root.required("journal", "a budget such as 200 MB").flatMap(readJournal)
    let api = root["api"].flatMap(readAPI)
    crossCheck(devices: devices, loads: loads, pumps: pumps, limits: limits, strategy: strategy)
    crossCheck(strategy: strategy, limits: limits, devices: devices, pumps: pumps)
    checkFamilies(devices)
    let channels = limitsFromOutside(limits, devices: devices, pumps: pumps)
    let consumers = root["loads"].map { ($0.pairs() ?? []).map(\.key) } ?? []
    let subMeters = subMeters(devices: devices, consumers: consumers)
    guard problems.problems.isEmpty, library.problems.isEmpty else { return nil }
    guard let site, let journal else {
      preconditionFailure("a section is missing from the configuration and no problem says so")
    }
    var control = SiteParameters(
      mode: site.mode, gridMeter: devices.lazy.compactMap(\.gridMeter).first, hybrids: devices.compactMap(\.hybrid),
      loads: loads.map(\.load), fuse: limits.fuse, baseLoad: limits.baseLoad, feedIn: limits.feedIn,
      reserve: strategy.reserve ?? Percent(0), economics: strategy.rules)
    control.chargers = devices.compactMap(\.charger)
    control.heatPumps = pumps.map(\.pump)
    control.generator = devices.lazy.compactMap(\.generator).first
    control.subMeters = subMeters
    control.controllable = channels.controllable?.controllable
    control.channels = channels.all
    control.demand = limits.demand
    control.tariff = tariff
    control.plan = strategy.plan
    control.outages = strategy.outages
    control.island = strategy.island
    var configuration = SiteConfiguration(
      site: site.site, modbusBuses: modbusBuses(settled, devices, loads, pumps),
      mqttBuses: mqttBuses(buses, devices, loads),
      control: control,
      uplinks: uplinks, journal: journal, api: api, installations: devices.compactMap(\.installation))
    configuration.readOnly = devices.compactMap { device in
      (device.onlyRead ?? device.withoutTimer).map { .init(device: DeviceID(device.name), reason: $0) }
    }
    return configuration
  }

  /// Who may limit the site, and what. A contact first: its wire is there from the start.
  private func limitsFromOutside(
    _ limits: Limits, devices: [DeviceEntry], pumps: [HeatPumpEntry]
  ) -> (controllable: ControllableEntry?, all: [SiteParameters.Channel]) {
    let written = limits.section?["controllable"]
    let controllable = written.flatMap { readControllable($0, devices: devices, pumps: pumps) }
    let limitable = Limitable(
      hasMeter: devices.contains { $0.gridMeter != nil }, hasHybrid: devices.contains(where: \.isHybrid),
      controllable: controllable, isControllableWritten: written != nil, devices: devices)
    let channels = root["channels"].map { readChannels($0, limitable) } ?? []
    return (controllable, (controllable?.contact.map { [$0] } ?? []) + channels)
  }

  private func modbusBuses(
    _ buses: [BusEntry], _ devices: [DeviceEntry], _ loads: [LoadEntry], _ pumps: [HeatPumpEntry]
  ) -> [SiteConfiguration.ModbusBus] {
    buses.compactMap { bus in
      guard case .modbus(let modbus) = bus.kind else { return nil }
      let measured = devices.compactMap { $0.bus == bus.name ? $0.modbus : nil }
      let switched = loads.compactMap { $0.bus == bus.name ? $0.modbus : nil }
      let asked = pumps.compactMap { $0.bus == bus.name ? $0.device : nil }
      return .init(
        name: bus.name, endpoint: modbus.endpoint, pause: modbus.pause, serve: modbus.serve,
        devices: measured + switched + asked)
    }
  }

  private func mqttBuses(
    _ buses: [BusEntry], _ devices: [DeviceEntry], _ loads: [LoadEntry]
  ) -> [SiteConfiguration.MQTTBus] {
    buses.compactMap { bus in
      guard case .mqtt(let broker) = bus.kind else { return nil }
      let relays = loads.compactMap { $0.bus == bus.name ? $0.mqtt : nil }
      let sensors = devices.compactMap { $0.bus == bus.name ? $0.sensor : nil }
      return .init(
        name: bus.name, broker: broker, sensors: sensors + relays.map(\.sensor),
        switches: Dictionary(
          relays.map { ($0.sensor.device, $0.switching) }, uniquingKeysWith: { first, _ in first }))
    }
  }
}
