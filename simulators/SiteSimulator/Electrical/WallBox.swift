/// What controllers have written into the wall box (KEBA's registers 5004 to 5018), and its watchdog.
public struct WallBoxSettings: Hashable, Sendable {
  /// What a car may draw on each phase, A.
  public var current: Double
  public var isEnabled = true
  /// What it falls back to, A; 0 is a pause.
  public var failsafeCurrent = 0.0
  /// Beginning anew with each write; 0 is no watchdog.
  public var failsafe = ReversionTimer()
  /// True since the watchdog ran out, until somebody writes a current or lets it again.
  public internal(set) var isFallenBack = false

  public init(current: Double) { self.current = current }

  /// What the pilot tells the car, A on each phase; 0 where it may not charge.
  public var offered: Double {
    let current = isFallenBack ? failsafeCurrent : isEnabled ? self.current : 0
    return current >= 6 ? current : 0
  }

  /// Lets the watchdog run for `seconds`; true once, when it has run out.
  mutating func runTimer(_ seconds: Double) -> Bool {
    guard failsafe.runsOut(after: seconds) else { return false }
    isFallenBack = true
    return true
  }
}

/// A car at the wall box: it draws what it is offered in whole amperes, never below 6 A, and less and less when it is
/// nearly full.
struct Car: Sendable {
  /// %, 0...100.
  private(set) var soc: Double
  private(set) var isHere: Bool
  /// A on each of its phases.
  private(set) var current = 0.0
  private let parameters: WallBoxParameters
  /// Between the plug and its battery.
  private static let efficiency = 0.9
  /// The pilot's least (IEC 61851-1), A.
  private static let least = 6.0
  /// Phase to neutral, V.
  private static let voltage = 230.0
  /// With which a car's charger follows the pilot, s.
  private static let lag = 2.5

  init(_ parameters: WallBoxParameters) {
    self.parameters = parameters
    soc = parameters.soc
    isHere = false
  }

  /// W on each of the grid's phases.
  var power: PhaseValues {
    var power = PhaseValues.zero
    for phase in parameters.phases { power[phase - 1] = current * Self.voltage }
    return power
  }

  var isCharging: Bool { current > 0 }

  /// Comes and goes by the hour of the day unless `presence` says otherwise; it comes back emptier.
  mutating func live(hour: Double, presence: Overrides.Presence) {
    let isAway =
      parameters.departure < parameters.arrival
      ? (parameters.departure..<parameters.arrival).contains(hour)
      : !(parameters.arrival..<parameters.departure).contains(hour)
    let stays: Bool
    switch presence {
    case .natural: stays = !isAway
    case .here: stays = true
    case .gone: stays = false
    }
    if isHere, !stays { soc = max(5, soc - parameters.trip) }
    isHere = stays
  }

  mutating func step(_ seconds: Double, offered: Double) {
    var target = 0.0
    if isHere, offered >= Self.least, soc < 100 {
      let taper = parameters.mostCurrent * min(1, (100 - soc) / 15)
      target = max(Self.least, min(offered, parameters.mostCurrent, taper).rounded(.down))
    }
    if target == 0 || !isHere {
      // The contactor opens.
      current = 0
    } else {
      current += (target - current) * SiteSimulator.lag(seconds, timeConstant: Self.lag)
    }
    soc = min(100, soc + power.total * Self.efficiency * seconds / 3600 / parameters.capacity * 100)
  }
}
