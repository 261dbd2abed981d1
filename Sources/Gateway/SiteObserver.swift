public import EnergyDispatch
public import EnergyModel
public import Forecasting
public import ServiceLifecycle
import Synchronization

/// Looks at the site once a second beside the control cycle: keeps the last hour for the page,
/// integrates energies and feeds the forecast. It may be slow; control reads only its last result.
public final class SiteObserver: Service {
  private struct State {
    var looks = 0
    var chart: [ChartSample] = []
    var grid = EnergyIntegral()
    var inverters: [DeviceID: EnergyIntegral] = [:]
    var forecaster: PersistenceForecaster
    var outlook = Outlook()
  }

  private static let chartPeriod = 5
  private static let chartLength = 3600 / chartPeriod
  /// Looks in which devices may answer for the first time: before them an offer would say that there is none.
  private static let patience = 10
  public static let storeKey = "forecast"

  private let state: Mutex<State>
  /// Of its own, and only stored into: control reads it and must not wait for a forecast being made.
  private let latest = Mutex<Forecast?>(nil)
  private let site: SiteState
  private let board: ControlBoard
  private let parts: BalanceParts
  private let control: SiteParameters
  private let reports: ForecastBoard
  private let time: any TimeSource
  private let store: any StateStore

  /// - Parameter reports: gets what is expected and offered, every five seconds.
  public init(
    site: SiteState, board: ControlBoard, parts: BalanceParts, control: SiteParameters,
    forecaster: PersistenceForecaster, reports: ForecastBoard, time: any TimeSource, store: any StateStore
  ) {
    self.site = site
    self.board = board
    self.parts = parts
    self.control = control
    self.reports = reports
    self.time = time
    self.store = store
    state = Mutex(State(forecaster: forecaster))
  }

  /// What the forecast last said; nil before the first look.
  public var forecast: Forecast? { latest.withLock { $0 } }

  public func chart() -> [ChartSample] { state.withLock { $0.chart } }

  public func energy() -> SiteStatus.Energy {
    state.withLock { state in
      var energy = SiteStatus.Energy()
      energy.grid = state.grid.energy
      energy.inverter = state.inverters.values.reduce(0) { $0 + $1.energy }
      energy.from = state.grid.from
      energy.until = state.grid.until
      return energy
    }
  }

  public func run() async throws {
    await cancelWhenGracefulShutdown {
      while !Task.isCancelled {
        self.look()
        try? await Task.sleep(for: .seconds(1))
      }
    }
  }

  /// One look, of which the chart keeps every fifth.
  func look() {
    let now = time.now()
    let snapshot = site.freeze(at: now)
    let balance = SiteStatus.Balance(of: snapshot, parts: parts)
    let running = board.running
    let (forecast, report, saved) = state.withLock { state -> (Forecast?, ForecastReport?, [UInt8]?) in
      integrate(snapshot, &state)
      defer { state.looks += 1 }
      let isQuarterOver = observe(balance, now, &state)
      state.outlook.update(state.forecaster, at: now.wall, hasLearned: isQuarterOver)
      var report: ForecastReport?
      if state.looks % Self.chartPeriod == 0 {
        state.chart.append(ChartSample(at: now.wall, balance: balance))
        if state.chart.count > Self.chartLength { state.chart.removeFirst() }
        if state.looks >= Self.patience {
          report = state.outlook.report(snapshot, control, chart: state.chart, running: running)
        }
      }
      return (state.outlook.next, report, isQuarterOver ? state.forecaster.saved : nil)
    }
    latest.withLock { $0 = forecast }
    if let report { reports.put(report) }
    if let saved { store.save(saved, under: Self.storeKey) }
  }

  /// What the agent itself held down is not the site's own behaviour: such an interval is set aside, so
  /// that the forecast does not learn our interventions.
  private func observe(_ balance: SiteStatus.Balance, _ now: Moment, _ state: inout State) -> Bool {
    let setpoints = board.decision?.setpoints ?? []
    let isShedding = setpoints.contains { $0.kind == .relayOn && $0.value == 0 }
    let isCurtailing = setpoints.contains { $0.kind == .productionLimit }
    return state.forecaster.observe(
      load: isShedding ? nil : balance.load.map(Watts.init), pv: isCurtailing ? nil : balance.pv.map(Watts.init),
      at: now)
  }

  private func integrate(_ snapshot: SiteSnapshot, _ state: inout State) {
    func add(_ device: DeviceID, to integral: inout EnergyIntegral) {
      guard let found = snapshot.observation(device, .power), found.quality == .good, let power = found.value,
        let measured = found.measured
      else { return }
      integral.add(power, at: measured)
    }
    if let meter = parts.gridMeter { add(meter, to: &state.grid) }
    for inverter in parts.inverters { add(inverter, to: &state.inverters[inverter, default: EnergyIntegral()]) }
  }
}
