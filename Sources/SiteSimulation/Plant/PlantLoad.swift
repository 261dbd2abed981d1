import EnergyDispatch
import EnergyModel
import SiteSimulator

/// A load behind a relay. It asks by itself for a part of each cycle, and makes up for what it missed, so that what
/// comes back after shedding picks up more than was shed.
struct PlantLoad: Sendable {
  let site: SiteParameters.SheddableLoad
  /// 0...2; nil for three phases (above 4.6 kVA, VDE-AR-N 4100).
  let phase: Int?
  private(set) var isOn = true
  private(set) var power = 0.0
  private(set) var isAsking = false
  /// What it would have taken while it was off, Wh; forgotten beyond an hour's worth.
  private(set) var missed = 0.0
  private var age: Double
  private let period: Double
  private let share: Double

  init(_ site: SiteParameters.SheddableLoad, phase: Int?, share: Double, using random: inout Random) {
    self.site = site
    self.phase = phase
    self.share = share
    period = random.between(1500...5400)
    age = random.between(0...period)
  }

  mutating func step(_ seconds: Double, isForced: Bool, isSupplied: Bool) {
    age += seconds
    let rated = site.rated.value
    let wants = isForced || age.truncatingRemainder(dividingBy: period) < share * period
    isAsking = wants || missed > 0
    power = isOn && isSupplied && isAsking ? rated : 0
    let hours = seconds / 3600
    if power > 0 {
      if !wants { missed = max(0, missed - rated * hours) }
    } else if wants {
      missed = min(rated, missed + rated * hours)
    }
  }

  mutating func take(_ setpoint: Setpoint) -> Bool {
    guard setpoint.kind == .relayOn else { return false }
    isOn = setpoint.value >= 0.5
    return true
  }
}
