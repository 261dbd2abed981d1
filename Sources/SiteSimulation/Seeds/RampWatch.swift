import EnergyDispatch
import EnergyModel
import SiteSimulator

/// Batteries that are told a power by a loop of ours move in ramps, no more than 30 % of their power with one write, and not at
/// all for less than 2 % or 100 W. What protects, and what a person or a contract orders, may move them at once.
struct RampWatch: Sendable {
  /// Of the battery's power, with the dead band of writing.
  private static let most = 0.3 + 0.02
  private static let least = 0.02
  private static let leastPower = 100.0

  private let site: SiteParameters
  private let step: Double
  /// What was told last as a power, W, and when.
  private var told: [DeviceID: (power: Double, second: Double)] = [:]

  init(_ site: SiteParameters, step: Double) {
    self.site = site
    self.step = step
  }

  mutating func look(_ scene: Judge.Scene) -> Violation? {
    for command in scene.step.outcome?.commands ?? [] {
      guard let hybrid = site.hybrids.first(where: { $0.device == command.device && !$0.regulatesItself }),
        let battery = hybrid.battery, command.setpoints.contains(where: { $0.kind == .chargeLimit })
      else { continue }
      let before = told.removeValue(forKey: hybrid.device)
      // A power: both limits are the same, one of them negative. Its owner is who decided it.
      guard let charge = command.setpoints.first(where: { $0.kind == .chargeLimit })?.value,
        let discharge = command.setpoints.first(where: { $0.kind == .dischargeLimit }),
        abs(charge + discharge.value) < 1, discharge.owner == "self-consumption"
      else { continue }
      told[hybrid.device] = (discharge.value, scene.second)
      guard let before, scene.isSound(hybrid.device, for: scene.reaction),
        scene.isAgentUp(for: scene.reaction), scene.second - before.second <= 3 * step
      else { continue }
      let change = abs(discharge.value - before.power)
      let rating = max(battery.maximumCharge.value, battery.maximumDischarge.value)
      let isKnown = site.gridMeter.map { scene.isSound($0.device, for: scene.reaction) } ?? false
      // Where nothing is known it rests at once.
      let rests = !isKnown && discharge.value == 0
      if change > Self.most * rating, !rests {
        return scene.violation("ramp", "\(hybrid.device) is moved by \(Int(change)) W with one write")
      }
      // The ends of its range, and rest, are reached whatever is left to them.
      let isEnd = [0, battery.maximumDischarge.value, -battery.maximumCharge.value].contains(discharge.value)
      if change > 1, change < 0.99 * max(Self.leastPower, Self.least * rating), isKnown, !isEnd {
        return scene.violation("dead band", "\(hybrid.device) is moved by \(Int(change)) W, which is not worth it")
      }
    }
    return nil
  }
}
