public import EnergyModel
import Forecasting

/// Puts together what the page, the command line and metrics show. Asked from anywhere; every source
/// answers at once.
public struct StatusBoard: SiteStatusSource {
  /// A device as the configuration knows it.
  public struct Listing: Sendable {
    public var id: DeviceID
    public var profile: String
    /// Without a good value for this long the device counts as silent.
    public var silentAfter: Duration
    /// See ``EnergyModel/SiteStatus/Device/isLeftOn``.
    public var isLeftOn: Bool?

    public init(id: DeviceID, profile: String, silentAfter: Duration, isLeftOn: Bool? = nil) {
      self.id = id
      self.profile = profile
      self.silentAfter = silentAfter
      self.isLeftOn = isLeftOn
    }
  }

  public var site: String
  public var version: String
  public var mode: String
  public var started: MonotonicInstant
  public var devices: [Listing]
  public var parts: BalanceParts
  public var state: SiteState
  public var board: ControlBoard
  public var observer: SiteObserver
  public var journal: @Sendable () -> SiteStatus.Journal
  public var uplinks: @Sendable () -> [SiteStatus.Uplink]
  public var time: any TimeSource

  public init(
    site: String, version: String, mode: String, started: MonotonicInstant, devices: [Listing], parts: BalanceParts,
    state: SiteState, board: ControlBoard, observer: SiteObserver,
    journal: @escaping @Sendable () -> SiteStatus.Journal, uplinks: @escaping @Sendable () -> [SiteStatus.Uplink],
    time: any TimeSource
  ) {
    self.site = site
    self.version = version
    self.mode = mode
    self.started = started
    self.devices = devices
    self.parts = parts
    self.state = state
    self.board = board
    self.observer = observer
    self.journal = journal
    self.uplinks = uplinks
    self.time = time
  }

  public func lastHour() -> [ChartSample] { observer.chart() }

  public func status() -> SiteStatus {
    let now = time.now()
    let snapshot = state.freeze(at: now)
    let counts = state.sampleCounts()
    var status = SiteStatus(
      site: site, version: version, mode: mode, at: now, uptime: now.monotonic - started,
      balance: SiteStatus.Balance(of: snapshot, parts: parts), energy: observer.energy(),
      devices: devices.map { device($0, snapshot, samples: counts[$0.id] ?? 0) }, decision: board.decision,
      forecast: forecast(), cycle: board.cycle, journal: journal(), uplinks: uplinks(), setpoints: board.setpoints)
    status.decisionSince = board.decisionSince
    return status
  }

  private func device(_ listing: Listing, _ snapshot: SiteSnapshot, samples: UInt64) -> SiteStatus.Device {
    let points = snapshot.observations[listing.id] ?? [:]
    let newest = points.values.compactMap { $0.measured?.monotonic }.max()
    let age = newest.map { snapshot.now.monotonic - $0 }
    let state: String
    if let age { state = age > listing.silentAfter ? "silent" : "ok" } else { state = "never answered" }
    let shown = Point.allCases.compactMap { point in
      points[point].map { SiteStatus.PointState(point: point, value: $0.value, quality: $0.quality) }
    }
    return SiteStatus.Device(
      id: listing.id, profile: listing.profile, state: state, samples: samples, age: age, points: shown,
      isLeftOn: listing.isLeftOn)
  }

  private func forecast() -> [SiteStatus.Forecast] {
    guard let forecast = observer.forecast else { return [] }
    return [("load", forecast.load), ("pv", forecast.pv)].map { name, value in
      SiteStatus.Forecast(
        quantity: name, power: value.power?.value, lower: value.lower?.value, upper: value.upper?.value,
        remark: value.remark)
    }
  }
}
