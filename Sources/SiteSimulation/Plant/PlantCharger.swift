import EnergyDispatch
import EnergyModel
import Glibc
import SiteSimulator

/// A wall box and the car that comes and goes. A car pauses below 6 A, and tapers when it is nearly full. When nobody
/// tells the wall box any more, its own watchdog sets the failsafe current.
struct PlantCharger: Sendable {
  let site: SiteParameters.Charger
  private(set) var power = 0.0
  private(set) var isConnected = false
  /// Of the car, %.
  private(set) var soc = 60.0
  /// What it was told, A on each phase.
  private(set) var told: Double
  /// What charged cars left with too little, Wh; what their drivers notice.
  private(set) var unserved = 0.0
  private(set) var current = 0.0
  /// How many phases it uses.
  private(set) var phases: Int
  private var watchdog: Double?
  private var arrives: Double
  private var leaves: Double
  private let habits: Habits

  init(_ site: SiteParameters.Charger, _ habits: Habits, using random: inout Random) {
    self.site = site
    self.habits = habits
    told = site.current.upperBound
    phases = site.phases.count
    arrives = habits.carArrives + random.between(-0.5...0.5)
    leaves = habits.carLeaves + random.between(-0.3...0.3)
    soc = 100 - 100 * habits.carUses / habits.carCapacity
  }

  mutating func step(_ seconds: Double, hour: Double, isForced: Bool, isSupplied: Bool) {
    if let left = watchdog {
      watchdog = left - seconds > 1e-6 ? left - seconds : nil
      if watchdog == nil { told = site.failsafeCurrent }
    }
    comeAndGo(hour, isForced)
    let wanted = isForced ? site.current.upperBound : taper
    current = isConnected && isSupplied && soc < 100 && told >= site.current.lowerBound - 1e-9 ? min(told, wanted) : 0
    power = SiteParameters.Charger.power(current, phases: phases)
    if !isForced { soc = min(100, soc + power * 0.9 * seconds / 3600 / habits.carCapacity * 100) }
  }

  private mutating func comeAndGo(_ hour: Double, _ isForced: Bool) {
    let isThere = arrives < leaves ? (arrives..<leaves).contains(hour) : hour >= arrives || hour < leaves
    if isThere, !isConnected, !isForced { soc = max(5, soc - 100 * habits.carUses / habits.carCapacity) }
    if !isThere, isConnected, !isForced { unserved += max(0, 80 - soc) / 100 * habits.carCapacity }
    isConnected = isThere || isForced
  }

  /// Full current up to 85 %, then falling to the least that a car takes.
  private var taper: Double {
    let (low, high) = (site.current.lowerBound, site.current.upperBound)
    return high - (high - low) * min(1, max(0, (soc - 85) / 12))
  }

  /// No power at the busbar.
  mutating func cut() {
    power = 0
    current = 0
  }

  /// 0 no car, 1 connected, 2 charging.
  var state: Double { !isConnected ? 0 : power > 0 ? 2 : 1 }

  mutating func take(_ setpoint: Setpoint) -> Bool {
    guard let reversion = site.reversion else { return false }
    switch setpoint.kind {
    case .chargingCurrent: told = setpoint.value
    case .chargingPhases where site.switchesPhases: phases = min(site.phases.count, max(1, Int(setpoint.value)))
    default: return false
    }
    watchdog = reversion.seconds
    return true
  }
}
