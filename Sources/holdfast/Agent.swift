import EnergyDispatch
import EnergyModel
import Forecasting
import Gateway
import Journal
import LocalAPI
import Logging
import MQTTDevices
import MQTTLink
import ModbusDevices
import ServiceLifecycle
import SiteConfig
import UnixSignals
import Uplink

/// The composition root: every part is made here and plugged into the others through the ports.
struct Agent {
  private var services: [any Service] = []
  private let logger = Logger(label: "holdfast")
  private let manager = ServiceManager()

  init(_ configuration: SiteConfiguration, stateFolder: String) async throws {
    let time = SystemTime(trust: configuration.site.clock)
    let journal = try await Journal.open(
      JournalSettings(configuration, folder: stateFolder), time: time, seed: nil)
    let events = EventFan(journal: journal, logger: logger)
    let state = SiteState()
    let samples = SampleFan([state, journal])
    let board = ControlBoard()
    let parts = BalanceParts(configuration.control)

    let buses = configuration.modbusBuses.map {
      ModbusBus($0, mode: configuration.control.mode, time: time, samples: samples, reports: board, events: events)
    }
    let observer = SiteObserver(
      site: state, board: board, parts: parts,
      forecaster: PersistenceForecaster(
        zone: configuration.site.timeZone, saved: try await journal.load(SiteObserver.storeKey)),
      time: time, store: journal)
    let core = ControlCore(
      parameters: configuration.control, zone: configuration.site.timeZone,
      savedMemory: try await journal.load(ControlCycle.storeKey))
    let router = DeviceRouter(configuration, buses, reports: board, time: time)
    let control = ControlCycle(
      core: core,
      ports: ControlCycle.Ports(
        site: state, board: board, setpoints: router, events: events, decisions: journal, store: journal,
        forecast: { observer.forecast }, beat: { [manager] in manager.beat() }),
      time: time)

    // In order of dependency: stopped from the last to the first, so that control writes its fallback
    // values while the buses still run, and the journal closes when everybody has spoken.
    services.append(JournalService(journal: journal))
    services += buses.map { BusService(bus: $0) }
    for bus in configuration.mqttBuses {
      let link = MQTTLink(
        settings: try LinkSettings(bus, site: configuration.site.id), time: time, seed: .random(in: 0...(.max))
      )
      services.append(LinkService(link: link))
      services.append(
        SensorService(
          link: link, broker: "\(bus.broker.host):\(bus.broker.port)", sensors: SensorTopics(bus.sensors),
          samples: samples, events: events, time: time))
    }
    var uplinks: [Uplink] = []
    for destination in configuration.uplinks {
      let settings = UplinkSettings(destination, site: configuration.site.id)
      let link = MQTTLink(
        settings: try LinkSettings(
          destination, will: Uplink.will(settings, boot: journal.boot), site: configuration.site.id),
        time: time, seed: .random(in: 0...(.max)))
      let uplink = Uplink(
        settings: settings, link: link, store: journal, compressor: ZstdCompressor(), time: time,
        seed: .random(in: 0...(.max)))
      uplinks.append(uplink)
      services.append(LinkService(link: link))
      services.append(UplinkService(uplink: uplink))
    }
    services.append(observer)
    services.append(control)
    if let api = configuration.api {
      let status = StatusBoard(
        site: configuration.site.id, version: agentVersion, mode: configuration.control.mode.rawValue,
        started: time.now().monotonic, devices: configuration.listings, parts: parts, state: state, board: board,
        observer: observer, journal: { journal.counters() },
        uplinks: { [uplinks] in uplinks.map { $0.counters() } }, time: time)
      services.append(PageService(api: LocalAPI(host: api.host, port: api.port, source: status), logger: logger))
    }
    let start = Event(
      at: time.now(), name: "agent-started", severity: .info, text: "holdfast \(agentVersion), boot \(journal.boot)")
    events.post(start)
  }

  /// Runs every service until SIGTERM or SIGINT.
  func run() async throws {
    let group = ServiceGroup(
      configuration: ServiceGroupConfiguration(
        services: services.map { ServiceGroupConfiguration.ServiceConfiguration(service: $0) },
        gracefulShutdownSignals: [.sigterm, .sigint], logger: logger))
    try await group.run()
    manager.stopping()
  }
}
