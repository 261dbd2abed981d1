import EnergyModel
import Forecasting

/// The forecast that control gets: the simplest one, which learns from what the plant really did. Made anew for each
/// quarter hour.
struct Outlook: Sendable {
  private var forecaster: PersistenceForecaster
  private var current: Forecast?
  private var quarter: Timestamp?

  init(zone: TimeZoneTable) { forecaster = PersistenceForecaster(zone: zone, saved: nil) }

  /// Learns the uncontrolled load and the uncurtailed production. A step longer than the forecaster's patience is
  /// told in several parts.
  mutating func observe(_ plant: Plant, at now: Moment, step: Double) {
    let load = Watts(plant.state.consumption)
    let pv = Watts(plant.hybrids.reduce(0) { $0 + $1.available })
    let parts = max(1, Int((step / 30).rounded(.up)))
    for part in (0..<parts).reversed() {
      let back = Duration.milliseconds(Int64(step * 1000 / Double(parts) * Double(part)))
      var moment = now
      moment.monotonic = now.monotonic - back
      moment.wall = now.wall - back
      forecaster.observe(load: load, pv: pv, at: moment)
    }
  }

  /// - Parameter factor: how wrong it is.
  mutating func forecast(at now: Moment, factor: Double) -> Forecast? {
    let start = QuarterHour.start(containing: now.wall)
    if quarter != start {
      quarter = start
      current = forecaster.forecast(at: now.wall)
    }
    guard factor != 1, var wrong = current else { return current }
    wrong.load.power = wrong.load.power.map { $0 * factor }
    wrong.pv.power = wrong.pv.power.map { $0 * factor }
    return wrong
  }
}
