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
/// - Limits in force, and those that begin, leave room as long as they may last: what holds the import below a limit is not moved as
///   well, a raised reserve is not given away, and while the owner or an aggregator says what batteries do they do nothing else.
///   What the owner's plan gives or takes until then is gone; an aggregator outranks it.
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
    /// What is drawn from the store besides, and moves nothing: what would have been curtailed, or what a limit takes, W.
    var besides: Double = 0
    /// Of the batteries; what loads bring lasts for a quarter hour.
    var stored: Double
    var shed: Double = 0
  }

  private static let hours = ForecastReport.step.seconds / 3600

  /// - Parameters:
  ///   - forecasts: of the running quarter hour and those that follow it without a gap.
  ///   - running: what is in force and what comes.
  public init(
    _ snapshot: SiteSnapshot, _ site: SiteParameters, forecasts: [Forecast], recent: Recent, running: RunningLimits
  ) {
    guard site.mode == .control, snapshot.now.isClockTrusted else { return }
    let view = SiteView(snapshot, site)
    guard view.grid?.power != nil else { return }
    let batteries = site.hybrids.compactMap { OfferedBattery($0, view) }
    let connection = OfferedConnection(site, view)
    let givesMost = site.hybrids.reduce(0) { $0 + ($1.battery?.maximumDischarge.value ?? 0) }
    let takesMost = site.hybrids.reduce(0) { $0 + ($1.battery?.maximumCharge.value ?? 0) }
    // What the batteries may have given and taken by then, Wh.
    var (given, taken) = (0.0, 0.0)
    var (ups, downs): ([Step], [Step]) = ([], [])
    for (index, forecast) in forecasts.enumerated() {
      guard let expected = Expected(forecast, recent: index < 2 ? recent : nil, site) else { break }
      let wait = forecast.start - snapshot.now.wall
      let ahead = LimitsAhead(running, site, snapshot.now, after: wait)
      if index > 0 {
        let shed = connection.shed(expected, after: wait, besides: ahead.shed)
        ups.append(Self.up(batteries, connection, expected, ahead, given: given, shed: shed))
        downs.append(Self.down(batteries, connection, expected, ahead, taken: taken))
      }
      let asked = ahead.asked ?? 0
      given += min(givesMost, max(ahead.planned.upperBound, -expected.surplus.lowerBound, asked)) * Self.hours
      let sun = connection.sun(expected, ahead) - expected.load.lowerBound
      taken += min(takesMost, max(-ahead.planned.lowerBound, sun, -asked)) * Self.hours
    }
    up = Self.offers(ups)
    down = Self.offers(downs)
  }

  private static func up(
    _ batteries: [OfferedBattery], _ connection: OfferedConnection, _ expected: Expected, _ ahead: LimitsAhead,
    given: Double, shed: Double
  ) -> Step {
    var step = Step(power: shed, stored: 0, shed: shed)
    for battery in batteries where ahead.asked == nil {
      let stored = max(0, battery.stored(above: ahead.reserve(battery.battery)) - given)
      step.power += min(battery.gives(beside: expected.pv.upperBound), stored / hours)
      step.stored += stored
    }
    step.besides = max(0, -expected.surplus.lowerBound - ahead.import)
    step.power = max(0, step.power - step.besides)
    step.power = min(step.power, max(0, connection.export(ahead) - expected.surplus.upperBound))
    return step
  }

  private static func down(
    _ batteries: [OfferedBattery], _ connection: OfferedConnection, _ expected: Expected, _ ahead: LimitsAhead,
    taken: Double
  ) -> Step {
    var step = Step(power: 0, stored: 0)
    var fromSurplus = 0.0
    // Of batteries that are charged ahead of an outage anyway.
    var charging = 0.0
    for battery in batteries where ahead.asked == nil {
      guard !battery.isCharged(to: ahead.raised(battery.battery)) else {
        charging += battery.takes
        continue
      }
      let room = max(0, battery.room - taken)
      let power = min(battery.takes, room / hours)
      if battery.isGridCharged, !ahead.withoutGrid.contains(battery.device) {
        step.power += power
      } else {
        fromSurplus += power
      }
      step.stored += room
    }
    let surplus = expected.surplus.lowerBound - charging
    step.power += min(fromSurplus, max(0, surplus))
    step.besides = connection.curtailed(expected, ahead)
    step.power = max(0, min(step.power - step.besides, min(connection.import, ahead.import) + surplus))
    return step
  }

  /// The energy lasts no longer than the store, and no further than to the first quarter hour without power.
  private static func offers(_ steps: [Step]) -> [ForecastReport.Offer] {
    steps.indices.map { index in
      var (moved, left) = (0.0, steps[index].stored + steps[index].shed * hours)
      for step in steps[index...] {
        guard step.power > 0, left > 0 else { break }
        let drawn = (step.power + step.besides) * hours
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
