public import EnergyModel
public import Forecasting

/// What the site can move at its grid connection in the coming quarter hours. Pure, and careful: what is unknown
/// offers nothing.
///
/// The reference is the site with its batteries at rest and its loads supplied, `grid = load − pv`, within the
/// feed-in cap and what the inverters pass: charging with what would be curtailed moves nothing. *Up* goes
/// towards the grid (batteries discharge, loads are shed), *down* comes from it (batteries charge). Every
/// quarter hour is an alternative: nothing is called before it, and the batteries meanwhile cover the house and
/// take its surplus as the worst of the forecast has it.
///
/// - Load and production may be anything within the forecast's intervals. In the running quarter hour and the
///   next one also anything that was measured in the last one, which alone serves while there is no interval.
/// - The first quarter hour of which nothing is known ends the offer.
/// - The fuse and the feed-in cap leave room; without a configured fuse nothing is moved beyond zero at the grid.
public struct Flexibility: Hashable, Sendable {
  /// The lowest and the highest of the last quarter hour, W; nil where the present is not known.
  public struct Recent: Hashable, Sendable {
    public var load: ClosedRange<Double>?
    public var pv: ClosedRange<Double>?

    public init(load: ClosedRange<Double>?, pv: ClosedRange<Double>?) {
      self.load = load
      self.pv = pv
    }
  }

  /// For the quarter hours after the running one.
  public private(set) var up: [ForecastReport.Offer] = []
  public private(set) var down: [ForecastReport.Offer] = []

  /// What is moved in one quarter hour, and out of which store.
  private struct Step {
    var power: Double
    /// Of what a charging battery takes: what would have been curtailed, W. The meter sees none of it.
    var curtailed: Double = 0
    /// Of the batteries; what loads bring lasts for a quarter hour.
    var stored: Double
    var shed: Double = 0
  }

  private static let hours = ForecastReport.step.seconds / 3600

  /// - Parameter forecasts: of the running quarter hour and those that follow it without a gap.
  public init(_ snapshot: SiteSnapshot, _ site: SiteParameters, forecasts: [Forecast], recent: Recent) {
    guard site.mode == .control, snapshot.now.isClockTrusted else { return }
    let view = SiteView(snapshot, site)
    guard view.grid?.power != nil else { return }
    let batteries = site.hybrids.compactMap { OfferedBattery($0, view, reserve: site.reserve.value) }
    let connection = OfferedConnection(site, view)
    let givesMost = site.hybrids.reduce(0) { $0 + ($1.battery?.maximumDischarge.value ?? 0) }
    let takesMost = site.hybrids.reduce(0) { $0 + ($1.battery?.maximumCharge.value ?? 0) }
    // What the batteries may have given and taken by then, Wh.
    var (given, taken) = (0.0, 0.0)
    var (ups, downs): ([Step], [Step]) = ([], [])
    for (index, forecast) in forecasts.enumerated() {
      guard let expected = Expected(forecast, recent: index < 2 ? recent : nil, site) else { break }
      if index > 0 {
        let wait = forecast.start - snapshot.now.wall
        let shed = connection.shed(expected, after: wait)
        ups.append(Self.up(batteries, connection, expected, given: given, shed: shed))
        downs.append(Self.down(batteries, connection, expected, taken: taken))
      }
      given += min(givesMost, max(0, -expected.surplus.lowerBound)) * Self.hours
      taken += min(takesMost, max(0, connection.sun(expected) - expected.load.lowerBound)) * Self.hours
    }
    up = Self.offers(ups)
    down = Self.offers(downs)
  }

  private static func up(
    _ batteries: [OfferedBattery], _ connection: OfferedConnection, _ expected: Expected, given: Double, shed: Double
  ) -> Step {
    var step = Step(power: shed, stored: 0, shed: shed)
    for battery in batteries {
      let stored = max(0, battery.stored - given)
      step.power += min(battery.gives(beside: expected.pv.upperBound), stored / hours)
      step.stored += stored
    }
    step.power = min(step.power, max(0, connection.export - expected.surplus.upperBound))
    return step
  }

  private static func down(
    _ batteries: [OfferedBattery], _ connection: OfferedConnection, _ expected: Expected, taken: Double
  ) -> Step {
    var step = Step(power: 0, stored: 0)
    var fromSurplus = 0.0
    for battery in batteries {
      let room = max(0, battery.room - taken)
      let power = min(battery.takes, room / hours)
      if battery.isGridCharged { step.power += power } else { fromSurplus += power }
      step.stored += room
    }
    step.power += min(fromSurplus, max(0, expected.surplus.lowerBound))
    step.curtailed = connection.curtailed(expected)
    step.power = max(0, min(step.power - step.curtailed, connection.import + expected.surplus.lowerBound))
    return step
  }

  /// The energy lasts no longer than the store, and no further than to the first quarter hour without power.
  private static func offers(_ steps: [Step]) -> [ForecastReport.Offer] {
    steps.indices.map { index in
      var (moved, left) = (0.0, steps[index].stored + steps[index].shed * hours)
      for step in steps[index...] {
        guard step.power > 0, left > 0 else { break }
        let drawn = (step.power + step.curtailed) * hours
        moved += step.power * hours * min(1, left / drawn)
        left -= drawn
      }
      return ForecastReport.Offer(power: steps[index].power, energy: moved)
    }
  }
}

extension Flexibility {
  /// Load and production of one quarter hour lie in these, W.
  struct Expected {
    var load: ClosedRange<Double>
    var pv: ClosedRange<Double>
    /// What is left for batteries and grid; negative where something is missing.
    var surplus: ClosedRange<Double> {
      pv.lowerBound - load.upperBound...pv.upperBound - load.lowerBound
    }

    /// - Parameter recent: what was measured lately, where the quarter hour is that near.
    init?(_ forecast: Forecast, recent: Recent?, _ site: SiteParameters) {
      func range(_ value: Forecast.Value, _ measured: ClosedRange<Double>??) -> ClosedRange<Double>? {
        var known: ClosedRange<Double>?
        if let lower = value.lower?.value, let upper = value.upper?.value, lower <= upper { known = lower...upper }
        guard let measured else { return known }
        guard let measured else { return nil }
        let near = max(0, measured.lowerBound)...max(0, measured.upperBound)
        return known.map { min($0.lowerBound, near.lowerBound)...max($0.upperBound, near.upperBound) } ?? near
      }
      guard let load = range(forecast.load, recent.map(\.load)) else { return nil }
      let hasStrings = site.hybrids.contains { $0.pvPeak > .zero }
      guard let pv = hasStrings ? range(forecast.pv, recent.map(\.pv)) : 0...0 else { return nil }
      self.load = load
      self.pv = pv
    }
  }
}
