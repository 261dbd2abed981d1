import EnergyDispatch
import EnergyModel
import Forecasting

/// The forecasts of the running quarter hour and of a day of coming ones. Made anew when a quarter hour begins: in
/// between nothing is learned.
struct Outlook: Sendable {
  /// The day's pattern repeats itself; a day ahead is as far as persistence can say anything.
  private static let quarters = 96
  /// The chart's samples of a quarter hour.
  private static let recent = Int(ForecastReport.step.seconds) / 5

  private var forecasts: [Forecast] = []

  /// Of the coming quarter hour, with what follows it; nil before the first update.
  private(set) var next: Forecast?

  mutating func update(_ forecaster: PersistenceForecaster, at time: Timestamp, hasLearned: Bool) {
    let start = QuarterHour.start(containing: time)
    guard hasLearned || forecasts.first?.start != start else { return }
    forecasts = forecaster.forecasts(from: start, count: Self.quarters + 1)
    next = forecasts.count > 1 ? forecasts[1] : nil
    next?.following = forecasts.dropFirst().map { QuarterHour(start: $0.start, load: $0.load.power, pv: $0.pv.power) }
  }

  /// - Parameters:
  ///   - chart: the last hour, a sample every five seconds, the newest of them of now.
  ///   - running: what is in force.
  func report(
    _ snapshot: SiteSnapshot, _ site: SiteParameters, chart: [ChartSample], running: RunningLimits
  ) -> ForecastReport? {
    guard let next else { return nil }
    guard snapshot.now.isClockTrusted else { return ForecastReport(at: snapshot.now, start: next.start) }
    let coming = forecasts.dropFirst()
    let lately = chart.suffix(Self.recent)
    let offer = Flexibility(
      snapshot, site, forecasts: forecasts,
      recent: Flexibility.Recent(load: Self.range(lately, \.load), pv: Self.range(lately, \.pv)), running: running)
    return ForecastReport(
      at: snapshot.now, start: next.start,
      series: [
        ForecastReport.Series(quantity: "load", steps: coming.map { Self.expected($0.load) }),
        ForecastReport.Series(quantity: "pv", steps: coming.map { Self.expected($0.pv) }),
      ], up: offer.up, down: offer.down)
  }

  /// Nil where the newest is not known.
  private static func range(
    _ samples: ArraySlice<ChartSample>, _ power: KeyPath<SiteStatus.Balance, Double?>
  ) -> ClosedRange<Double>? {
    let known = samples.compactMap { $0.balance[keyPath: power] }
    guard samples.last?.balance[keyPath: power] != nil, let least = known.min(), let most = known.max() else {
      return nil
    }
    return least...most
  }

  private static func expected(_ value: Forecast.Value) -> ForecastReport.Expected {
    var interval: ClosedRange<Double>?
    if let lower = value.lower?.value, let upper = value.upper?.value, lower <= upper { interval = lower...upper }
    return ForecastReport.Expected(power: value.power?.value, interval: interval)
  }
}
