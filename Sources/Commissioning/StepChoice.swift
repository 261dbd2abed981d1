public import EnergyModel

/// How a battery is moved for a trial: gently, within what the site allows, and enough to be seen.
public struct StepChoice: Hashable, Sendable {
  public enum Refusal: Error, Hashable, Sendable, CustomStringConvertible {
    case unknown
    case nowhere(String)

    public var description: String {
      switch self {
      case .unknown: "its state of charge, its power or the power at the grid is not known"
      case .nowhere(let reason): reason
      }
    }
  }

  /// What is aimed at, and the least that stands out against a house, W.
  public static let usual = 2000.0
  public static let least = 600.0

  /// Discharge is positive, W.
  public var power: Double

  /// - Parameters:
  ///   - inverter: a sample of now.
  ///   - grid: import +, W; nil without a meter.
  ///   - cap: what may be fed in, W.
  public static func choose(
    _ bounds: DeviceBounds, inverter: Sample, grid: Double?, cap: Double?
  ) throws(Refusal) -> StepChoice {
    guard let battery = bounds.battery, let soc = inverter.good(.soc), let now = inverter.good(.batteryPower),
      let ac = inverter.good(.power)
    else { throw .unknown }
    let pv = max(0, inverter.good(.pvPower) ?? 0)
    // From the state in which the battery rests.
    let resting = ac - now
    var discharge = min(usual, battery.maximumDischarge, (bounds.acLimit ?? .infinity) - resting)
    // What the battery does now is gone while it rests: one that charges leaves its surplus to the grid.
    if let cap, let grid {
      let room = cap + grid + now
      guard room >= 0 else {
        throw .nowhere(
          "at rest alone, \(SignChecks.watts(cap - room)) would be fed in and \(SignChecks.watts(cap)) are permitted")
      }
      discharge = min(discharge, room - 200)
    }
    if soc <= battery.socWindow.lowerBound + 2 { discharge = 0 }
    let fromStrings = battery.chargesFromGrid ? .infinity : pv - 200
    var charge = min(usual, battery.maximumCharge, fromStrings)
    if soc >= battery.socWindow.upperBound - 2 { charge = 0 }
    if max(discharge, charge) < least {
      throw .nowhere(
        "its battery can be moved by \(SignChecks.watts(max(0, discharge, charge))) only (state of charge \(DeviceBounds.text(soc)) %, "
          + "strings \(SignChecks.watts(pv))): at least \(SignChecks.watts(least)) are wanted")
    }
    return StepChoice(power: discharge >= charge ? discharge.rounded(.down) : -charge.rounded(.down))
  }

  /// Limits that leave the battery no choice: this power, or 0 for rest.
  public static func values(_ power: Double) -> [SetpointKind: Double] {
    [.chargeLimit: -power, .dischargeLimit: power]
  }
}
