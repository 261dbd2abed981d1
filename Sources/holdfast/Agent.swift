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
  private let configuration: SiteConfiguration
  private let time: SystemTime
  private let logger = Logger(label: "holdfast")
  private let manager = ServiceManager()

  init(_ configuration: SiteConfiguration, stateFolder: String) async throws {
    self.configuration = configuration
    time = SystemTime(trust: configuration.site.clock)
    let journal = try await Journal.open(JournalSettings(configuration, folder: stateFolder), time: time)
    let events = EventFan(journal: journal, logger: logger)
    let state = SiteState()
    let samples = SampleFan([state, journal])
    let board = ControlBoard()

    // In order of dependency: stopped from the last to the first, so that control writes its fallback
    // values while the buses still run, and the journal closes when everybody has spoken.
    services.append(JournalService(journal: journal))
    let router = makeBuses(samples, reports: board, events)
    try makeSensors(samples, events)
    let forecasts = ForecastBoard()
    let desk = try await makeDesk(journal, events)
    let uplinks = try makeUplinks(journal, events, forecasts, desk)
    let observer = try await makeObserver(state, board, journal, forecasts)
    services.append(observer)
    services.append(
      try await makeControl(
        ControlCycle.Ports(
          site: state, board: board, setpoints: router, events: events, decisions: journal, store: journal,
          forecast: { observer.forecast }, orders: { desk.orders(at: $0) },
          beat: { [manager] in manager.beat(isGood: $0) }), desk))
    makePage(
      StatusBoard(
        site: configuration.site.id, version: agentVersion, mode: configuration.control.mode.rawValue,
        started: time.now().monotonic, devices: configuration.listings, parts: BalanceParts(configuration.control),
        state: state, board: board, observer: observer, journal: { journal.counters() },
        uplinks: { uplinks.map { $0.counters() } }, time: time))
    services.append(manager)
    events.post(
      Event(
        at: time.now(), name: "agent-started", severity: .info,
        text: "holdfast \(agentVersion), boot \(journal.boot)"))
  }

  /// Runs every service until SIGTERM or SIGINT.
  func run() async throws {
    let group = ServiceGroup(
      configuration: ServiceGroupConfiguration(
        services: services.map { ServiceGroupConfiguration.ServiceConfiguration(service: $0) },
        gracefulShutdownSignals: [.sigterm, .sigint], logger: logger))
    try await group.run()
  }

  private mutating func makeBuses(
    _ samples: any SampleSink, reports: any WriteReportSink, _ events: any EventSink
  ) -> DeviceRouter {
    let buses = configuration.modbusBuses.map {
      ModbusBus($0, mode: configuration.control.mode, time: time, samples: samples, reports: reports, events: events)
    }
    services += buses.map { BusService(bus: $0) }
    return DeviceRouter(configuration, buses, reports: reports, time: time)
  }

  private mutating func makeSensors(_ samples: any SampleSink, _ events: any EventSink) throws {
    for bus in configuration.mqttBuses {
      let link = MQTTLink(
        settings: try LinkSettings(bus, site: configuration.site.id), time: time, seed: .random(in: 0...(.max)))
      services.append(LinkService(link: link))
      services.append(
        SensorService(
          link: link, broker: "\(bus.broker.host):\(bus.broker.port)", sensors: SensorTopics(bus.sensors),
          samples: samples, events: events, time: time))
    }
  }

  /// What was ordered before the restart holds from the first cycle on.
  private func makeDesk(_ journal: Journal, _ events: any EventSink) async throws -> CommandDesk {
    let authorities = configuration.uplinks.map { ($0.name, $0.authority) }
    let book = OrderBook(
      site: configuration.site.id, parameters: configuration.control,
      authorities: Dictionary(authorities, uniquingKeysWith: { first, _ in first }))
    return CommandDesk(
      book: book, saved: try await journal.load(CommandDesk.storeKey), store: journal, records: journal, events: events,
      time: time)
  }

  private mutating func makeUplinks(
    _ journal: Journal, _ events: any EventSink, _ forecasts: any ForecastSource, _ desk: CommandDesk
  ) throws -> [Uplink] {
    try configuration.uplinks.map { destination in
      let settings = UplinkSettings(destination, site: configuration.site.id)
      let will = Uplink.will(settings, boot: journal.boot, at: time.now().wall)
      let link = MQTTLink(
        settings: try LinkSettings(destination, will: will, site: configuration.site.id), time: time,
        seed: .random(in: 0...(.max)), acceptor: CommandInbox(settings, desk: desk))
      let uplink = Uplink(
        settings: settings, link: link, store: journal, compressor: ZstdCompressor(), events: events,
        states: journal, forecasts: destination.tellsForecast ? forecasts : nil,
        zone: configuration.site.timeZone, time: time,
        seed: .random(in: 0...(.max)))
      desk.attach(uplink, to: destination.name)
      services.append(LinkService(link: link))
      services.append(UplinkService(uplink: uplink))
      return uplink
    }
  }

  private func makeObserver(
    _ state: SiteState, _ board: ControlBoard, _ journal: Journal, _ forecasts: ForecastBoard
  ) async throws -> SiteObserver {
    let saved = try await journal.load(SiteObserver.storeKey)
    return SiteObserver(
      site: state, board: board, parts: BalanceParts(configuration.control), control: configuration.control,
      forecaster: PersistenceForecaster(zone: configuration.site.timeZone, saved: saved), reports: forecasts,
      time: time, store: journal)
  }

  private func makeControl(_ ports: ControlCycle.Ports, _ desk: CommandDesk) async throws -> ControlCycle {
    let core = ControlCore(
      parameters: configuration.control, zone: configuration.site.timeZone,
      savedMemory: try await ports.store.load(ControlCycle.storeKey))
    let cycle = ControlCycle(core: core, ports: ports, time: time)
    desk.attach(wake: { cycle.wake() })
    return cycle
  }

  private mutating func makePage(_ status: StatusBoard) {
    guard let api = configuration.api else { return }
    services.append(PageService(api: LocalAPI(host: api.host, port: api.port, source: status), logger: logger))
  }
}
