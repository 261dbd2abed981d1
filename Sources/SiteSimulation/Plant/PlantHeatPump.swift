import EnergyDispatch
import EnergyModel
import SiteSimulator

/// A heat pump with two contacts and a store: water, screed and walls together, as energy above what would be too
/// little. State 1 blocks, 2 is its own hysteresis, 3 lets it store more, 4 makes it run with its rod.
struct PlantHeatPump: Sendable {
  let site: SiteParameters.HeatPump
  private(set) var state = 2
  private(set) var power = 0.0
  /// Wh; below zero people notice.
  private(set) var store: Double
  private(set) var isRunning = false
  /// Hours in which the store was empty.
  private(set) var uncomfortable = 0.0
  private var ran = 0.0
  private let habits: Habits
  /// Wh that the store holds at its own setpoint.
  private let capacity: Double
  /// Share of the rating that the compressor alone takes.
  private static let compressor = 0.6
  /// Compressors run at least this long by themselves, s.
  private static let leastRun = 300.0

  init(_ site: SiteParameters.HeatPump, _ habits: Habits) {
    self.site = site
    self.habits = habits
    capacity = 4 * site.rated.value
    store = 0.6 * capacity
  }

  mutating func step(_ seconds: Double, outdoor: Double, isSupplied: Bool) {
    let hours = seconds / 3600
    let performance = min(5, max(2, 3.2 + 0.08 * outdoor))
    var demand = habits.heatLoss * max(0, 16 - outdoor) + 150
    if habits.cools { demand += habits.heatLoss * max(0, outdoor - 24) }
    ran = isRunning ? ran + seconds : 0
    decide()
    let full = site.rated.value
    power = isRunning && isSupplied ? (state == 4 ? full : Self.compressor * full) : 0
    store += (power * (state == 4 ? 0.8 * performance : performance) - demand) * hours
    store = min(2 * capacity, max(-capacity, store))
    if store < 0 { uncomfortable += hours }
  }

  private mutating func decide() {
    let top = capacity * (state == 4 ? 1.9 : state == 3 ? 1.5 : 1)
    let bottom = state >= 3 ? 0.8 * top : 0.4 * capacity
    switch state {
    case 1: isRunning = false
    default:
      if store < bottom { isRunning = true }
      if store >= top, ran >= Self.leastRun { isRunning = false }
      if state == 4, store < top { isRunning = true }
    }
  }

  /// No power at the busbar.
  mutating func cut() { power = 0 }

  mutating func take(_ setpoint: Setpoint) -> Bool {
    guard setpoint.kind == .heatPumpState, (1...4).contains(Int(setpoint.value)) else { return false }
    state = Int(setpoint.value)
    return true
  }
}
