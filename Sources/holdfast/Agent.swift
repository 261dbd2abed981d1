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
    let routes = makeBuses(samples, reports: board, events)
      .merging(try makeSensors(samples, reports: board, events)) { first, _ in first }
    let router = DeviceRouter(ports: routes, reports: board, time: time)
    let forecasts = ForecastBoard()
    let desk = try await makeDesk(journal, events)
    let uplinks = try makeUplinks(journal, events, forecasts, desk)
    let observer = try await makeObserver(state, board, journal, forecasts)
    services.append(observer)
    let owner = OverrideFile(folder: stateFolder, time: time, events: events)
    services.append(owner)
    services.append(
      try await makeControl(
        ControlCycle.Ports(
          site: state, board: board, setpoints: router, events: events, decisions: journal, store: journal,
          forecast: { observer.forecast },
          orders: { now in
            var orders = desk.orders(at: now)
            orders.override = owner.order(at: now)
            return orders
          },
          beat: { [manager] in manager.beat(isGood: $0) }),
        desk, try await makeGuard(journal)))
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
  ) -> [DeviceID: any SetpointPort] {
    var routes: [DeviceID: any SetpointPort] = [:]
    for description in configuration.modbusBuses {
      let bus = ModbusBus(
        description, mode: configuration.control.mode, time: time, samples: samples, reports: reports, events: events)
      services.append(BusService(bus: bus))
      for device in description.devices { routes[device.id] = bus }
    }
    return routes
  }

  private mutating func makeSensors(
    _ samples: any SampleSink, reports: any WriteReportSink, _ events: any EventSink
  ) throws -> [DeviceID: any SetpointPort] {
    var routes: [DeviceID: any SetpointPort] = [:]
    for bus in configuration.mqttBuses {
      let sensors = SensorTopics(bus.sensors)
      let link = MQTTLink(
        settings: try LinkSettings(bus, subscriptions: sensors.filters, site: configuration.site.id), time: time,
        seed: .random(in: 0...(.max)))
      let switches = MQTTSwitches(
        SwitchDesk(bus), link: link, reports: reports, time: time, mayWrite: configuration.control.mode == .control)
      for device in bus.switches.keys { routes[device] = switches }
      services.append(LinkService(link: link))
      services.append(
        SensorService(
          link: link, broker: "\(bus.broker.host):\(bus.broker.port)", sensors: sensors, switches: switches,
          samples: samples, events: events, time: time))
    }
    return routes
  }

  /// What was ordered before the restart holds from the first cycle on.
  private mutating func makeDesk(_ journal: Journal, _ events: any EventSink) async throws -> CommandDesk {
    let authorities = configuration.uplinks.map { ($0.name, $0.authority) }
    let book = OrderBook(
      site: configuration.site.id, parameters: configuration.control,
      authorities: Dictionary(authorities, uniquingKeysWith: { first, _ in first }))
    let isOpen = journal.boot > 0
    let desk = CommandDesk(
      book: book, saved: try await journal.load(CommandDesk.storeKey), isStoreRead: isOpen, store: journal,
      records: journal, events: events, time: time)
    if !isOpen { services.append(OrdersService(desk: desk, journal: journal)) }
    return desk
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

  /// Counts this start before anything of it can crash.
  private func makeGuard(_ journal: Journal) async throws -> CrashGuard? {
    guard let settings = configuration.site.crashGuard else { return nil }
    let saved = try await journal.load(CrashGuard.storeKey)
    let crashGuard = CrashGuard(settings, saved: saved, at: time.now().monotonic)
    journal.save(crashGuard.saved, under: CrashGuard.storeKey)
    await journal.commitAtOnce()
    return crashGuard
  }

  private func makeControl(
    _ ports: ControlCycle.Ports, _ desk: CommandDesk, _ crashGuard: CrashGuard?
  ) async throws -> ControlCycle {
    let core = ControlCore(
      parameters: configuration.control, zone: configuration.site.timeZone,
      savedMemory: try await ports.store.load(ControlCycle.storeKey))
    let cycle = ControlCycle(core: core, ports: ports, time: time, crashGuard: crashGuard)
    desk.attach(wake: { cycle.wake() })
    return cycle
  }

  private mutating func makePage(_ status: StatusBoard) {
    guard let api = configuration.api else { return }
    services.append(PageService(api: LocalAPI(host: api.host, port: api.port, source: status), logger: logger))
  }
}
