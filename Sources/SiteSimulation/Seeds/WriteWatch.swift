import EnergyDispatch
import EnergyModel
import SiteSimulator

/// Registers and contactors wear, and a bus has others to serve: before it is refreshed nothing is written anew for less than a
/// hundredth of its range, except to reach an end of it.
struct WriteWatch: Sendable {
  private struct Key: Hashable, Sendable {
    var device: DeviceID
    var kind: SetpointKind
  }

  private struct Written: Sendable {
    var value: Double
    var second: Double
  }

  /// Of the range, a little less than what is worth a write.
  private static let least = 0.008

  private let site: SiteParameters
  private let step: Double
  private var written: [Key: Written] = [:]

  init(_ site: SiteParameters, step: Double) {
    self.site = site
    self.step = step
  }

  mutating func look(_ scene: Judge.Scene) -> Violation? {
    for command in scene.step.outcome?.commands ?? [] {
      guard let terms = terms(command) else { continue }
      var isWorthIt = false
      var most = 0.0
      var age = Double.infinity
      for setpoint in command.setpoints {
        let key = Key(device: setpoint.device, kind: setpoint.kind)
        let before = written.updateValue(Written(value: setpoint.value, second: scene.second), forKey: key)
        let change = before.map { abs(setpoint.value - $0.value) } ?? .infinity
        let isEnd = setpoint.value == 0 || setpoint.value >= terms.range - 1
        if change >= Self.least * terms.range || (change > 0 && isEnd) { isWorthIt = true }
        most = max(most, change)
        age = min(age, before.map { scene.second - $0.second } ?? .infinity)
      }
      // Without any change it is said again to one that did not answer.
      guard !isWorthIt, most > 0, age < terms.refresh - 2 * step, scene.isSound(command.device, for: scene.reaction),
        scene.isAgentUp(for: scene.reaction)
      else { continue }
      return scene.violation("dead band", "\(command.device) is written for \(most) W after \(Int(age)) s")
    }
    return nil
  }

  /// The range of what is told, W, and when it is due again, s.
  private func terms(_ command: SetpointCommand) -> (range: Double, refresh: Double)? {
    guard let hybrid = site.hybrids.first(where: { $0.device == command.device }) else { return nil }
    switch command.setpoints.first?.kind {
    case .chargeLimit?, .dischargeLimit?:
      guard let battery = hybrid.battery, let reversion = hybrid.batteryReversion else { return nil }
      return (max(battery.maximumCharge.value, battery.maximumDischarge.value), reversion.seconds / 2)
    case .productionLimit?: return hybrid.productionReversion.map { (hybrid.acLimit.value, $0.seconds / 2) }
    default: return nil
    }
  }
}
