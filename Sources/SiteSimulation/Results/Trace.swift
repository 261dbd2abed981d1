import EnergyDispatch
import EnergyModel
import SiteSimulator

/// What a chart shows of a run, sampled so that a day has some hundreds of points.
public struct Trace: Sendable {
  struct Point: Sendable {
    var second: Double
    var load = 0.0
    var production = 0.0
    var battery = 0.0
    var grid = 0.0
    var chargers = 0.0
    var heatPumps = 0.0
    var soc: Double?
    /// What limits the import, and the export (negative), W; nil while nothing does.
    var importLimit: Double?
    var exportLimit: Double?
    var legalLimit: Double?
  }

  private(set) var points: [Point] = []
  private var sum = Point(second: 0)
  private var count = 0.0
  /// Seconds that one point stands for.
  let span: Double

  /// - Parameter seconds: of the whole run.
  public init(seconds: Double) { span = max(60, seconds / 2000) }

  public mutating func add(_ step: SiteLoop.Step, _ plant: Plant) {
    let state = plant.state
    let site = plant.description.parameters
    sum.load += state.consumption
    sum.production += state.production
    sum.battery += state.battery
    sum.grid += state.grid.total
    sum.chargers += state.chargers
    sum.heatPumps += state.heatPumps
    count += 1
    guard step.second >= (points.last?.second ?? 0) + span else { return }
    var point = Point(second: step.second)
    point.load = sum.load / count
    point.production = sum.production / count
    point.battery = sum.battery / count
    point.grid = sum.grid / count
    point.chargers = sum.chargers / count
    point.heatPumps = sum.heatPumps / count
    let capacity = plant.hybrids.reduce(0) { $0 + ($1.hasBattery ? $1.batteryParameters.capacity : 0) }
    if capacity > 0 {
      let stored = plant.hybrids.reduce(0) { $0 + ($1.hasBattery ? $1.soc * $1.batteryParameters.capacity : 0) }
      point.soc = stored / capacity
    }
    point.importLimit = site.fuse.map { $0.rating.value * 230 * Double($0.phases) }
    point.exportLimit = site.feedIn.map { -$0.limit.value }
    point.legalLimit = plant.legalLimit(step.circumstances)
    points.append(point)
    sum = Point(second: 0)
    count = 0
  }
}
