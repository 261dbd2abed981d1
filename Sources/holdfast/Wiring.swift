import DeviceProfile
import EnergyDispatch
import EnergyModel
import Gateway
import Journal
import MQTTDevices
import MQTTLink
import ModbusDevices
import SiteConfig
import Uplink

// From the configuration's words to what each part takes.

extension ModbusBus {
  convenience init(
    _ bus: SiteConfiguration.ModbusBus, mode: SiteParameters.Mode, time: any TimeSource, samples: any SampleSink,
    reports: any WriteReportSink, events: any EventSink
  ) {
    let devices = bus.devices.map {
      BusDevice(
        id: $0.id, profile: $0.profile, unit: $0.unit, serial: $0.serial, period: $0.period,
        mayWrite: mode == .control)
    }
    self.init(
      name: bus.name, bus.endpoint, pause: bus.pause, serve: bus.serve, devices: devices, time: time,
      samples: samples, reports: reports, events: events)
  }
}

extension SwitchDesk {
  init(_ bus: SiteConfiguration.MQTTBus) {
    let ages = Dictionary(bus.sensors.map { ($0.device, $0.maximumAge) }, uniquingKeysWith: { first, _ in first })
    self.init(bus.switches.map { (device: $0, definition: $1, maximumAge: ages[$0] ?? .seconds(60)) })
  }
}

extension BalanceParts {
  init(_ control: SiteParameters) {
    self.init(gridMeter: control.gridMeter?.device, inverters: control.hybrids.map(\.device))
  }
}

extension JournalSettings {
  init(_ configuration: SiteConfiguration, folder: String) {
    self.init(
      folder: folder, budget: configuration.journal.budget, commitInterval: configuration.journal.commitInterval,
      destinations: configuration.uplinks.map { Destination($0.name, logs: $0.logs) },
      retention: configuration.journal.retention, whenFull: configuration.journal.whenFull)
  }
}

extension LinkSettings {
  /// What the broker kept while the link was away is not news.
  /// - Parameter reader: tells a tool's connection from the agent's own, which it must not throw out.
  init(_ bus: SiteConfiguration.MQTTBus, subscriptions: [String], site: String, reader: String? = nil) throws {
    let suffix = reader.map { "-\($0)" } ?? ""
    try self.init(
      bus.broker, clientID: "holdfast-\(site)-bus-\(bus.name)\(suffix)", will: nil,
      subscriptions: subscriptions, liveSubscriptions: [], isCleanSession: true)
  }

  init(_ uplink: SiteConfiguration.Uplink, will: OutgoingMessage, site: String) throws {
    let settings = UplinkSettings(uplink, site: site)
    // Commands that come while the link is away wait at the broker.
    try self.init(
      uplink.broker, clientID: "holdfast-\(site)-uplink-\(uplink.name)", will: will,
      subscriptions: settings.subscriptions, liveSubscriptions: settings.liveSubscriptions, isCleanSession: false)
  }

  private init(
    _ broker: SiteConfiguration.Broker, clientID: String, will: OutgoingMessage?, subscriptions: [String],
    liveSubscriptions: [String], isCleanSession: Bool
  ) throws {
    self.init(
      clientID: clientID, host: broker.host, port: broker.port, user: broker.user,
      password: try broker.passwordFile.map(SecretFile.read),
      certificateAuthority: broker.certificate, will: will, subscriptions: subscriptions,
      liveSubscriptions: liveSubscriptions, isCleanSession: isCleanSession)
  }
}

extension UplinkSettings {
  init(_ uplink: SiteConfiguration.Uplink, site: String) {
    self.init(
      destination: uplink.name, site: site, version: agentVersion, liveWindow: uplink.liveWindow,
      backfillBytesPerSecond: uplink.backfillRate, acknowledgedBy: uplink.acknowledgedBy,
      monthlyData: uplink.monthlyData)
  }
}

extension SiteConfiguration {
  /// Every device as the page lists it. Modbus devices are silent after five missed polls, devices on MQTT, which
  /// speak when they like, after their maximum age. Of a family the members are not known beforehand.
  var listings: [StatusBoard.Listing] {
    let leftOn = Dictionary(
      control.loads.map { ($0.device, $0.isOnWhenAgentDies) }
        + control.heatPumps.map { ($0.device, !$0.isBlockedWhenAgentDies) }, uniquingKeysWith: { $1 })
    let modbus = modbusBuses.flatMap(\.devices).map {
      StatusBoard.Listing(
        id: $0.id, profile: $0.profile.name, silentAfter: $0.period * 5, isLeftOn: leftOn[$0.id])
    }
    let sensors = mqttBuses.flatMap(\.sensors).filter { !$0.isFamily }.map {
      StatusBoard.Listing(
        id: $0.device, profile: "mqtt", silentAfter: $0.maximumAge, isLeftOn: leftOn[$0.device])
    }
    return modbus + sensors
  }
}
