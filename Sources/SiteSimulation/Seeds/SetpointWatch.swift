import EnergyDispatch
import EnergyModel
import SiteSimulator

/// No setpoint outside its device's range, none that is not a number, none that outlives its device's timer, and no
/// critical load switched off by us. And nothing swings to and fro: reversals of a quantity within an hour are bounded,
/// beyond those of house and sky, which control has to follow.
struct SetpointWatch: Sendable {
  private struct Swing: Sendable {
    var extreme: Double
    var isRising: Bool?
    var reversals: [Double] = []

    /// Whether a swing of at least `least` turned round just now.
    mutating func follow(_ value: Double, least: Double, at second: Double) {
      let change = value - extreme
      if isRising == (change > 0) {
        extreme = value
      } else if abs(change) >= least {
        if isRising != nil { reversals.append(second) }
        extreme = value
        isRising = change > 0
      }
      // All of them: a quantity that was not written for hours has forgotten its last swing.
      if let first = reversals.first, second - first > 3600 { reversals.removeAll { second - $0 > 3600 } }
    }
  }

  private struct Key: Hashable, Sendable {
    var device: DeviceID
    var kind: SetpointKind
  }

  private static let mostReversals = 60
  private static let mostSwitchings = 20

  private let site: SiteParameters
  private var swings: [Key: Swing] = [:]
  /// What house and sky do.
  private var uncontrolled = Swing(extreme: 0)
  private static let leastOfHouse = 400.0

  init(_ site: SiteParameters) { self.site = site }

  mutating func look(_ scene: Judge.Scene) -> Violation? {
    let sky = scene.plant.hybrids.reduce(0) { $0 + $1.available }
    let net = scene.plant.state.household.total + scene.plant.state.loads - sky
    uncontrolled.follow(net, least: Self.leastOfHouse, at: scene.second)
    guard let outcome = scene.step.outcome else { return nil }
    let now = scene.step.now.monotonic
    for command in outcome.commands {
      for setpoint in command.setpoints {
        let name = "\(setpoint.kind.rawValue) \(setpoint.value) for \(setpoint.device)"
        guard let range = range(setpoint) else { return scene.violation("setpoint", "\(name): no such command") }
        guard setpoint.value.isFinite, range.contains(setpoint.value) else {
          return scene.violation("setpoint", "\(name) is outside \(range)")
        }
        guard setpoint.expires > now, setpoint.expires - now <= longest(setpoint) else {
          return scene.violation("expiry", "\(name) expires in \((setpoint.expires - now).seconds) s")
        }
        if setpoint.kind == .chargingCurrent, !isCurrent(setpoint) {
          return scene.violation("car current", "\(name) is neither 0 nor what a car can charge with")
        }
        if setpoint.kind == .relayOn, setpoint.value < 0.5, isCritical(setpoint.device) {
          return scene.violation("critical load", "\(setpoint.device) is switched off")
        }
        if let count = follow(setpoint, span: range.upperBound - range.lowerBound, at: scene.second) {
          return scene.violation("oscillation", "\(name) turned round \(count) times within an hour")
        }
      }
    }
    return nil
  }

  private func isCritical(_ device: DeviceID) -> Bool { site.loads.contains { $0.device == device && $0.isCritical } }

  private func isCurrent(_ setpoint: Setpoint) -> Bool {
    guard let charger = site.chargers.first(where: { $0.device == setpoint.device }) else { return false }
    return setpoint.value == 0 || setpoint.value >= charger.current.lowerBound - 1e-6
  }

  /// What the device can be told; nil where it has no such command.
  private func range(_ setpoint: Setpoint) -> ClosedRange<Double>? {
    let hybrid = site.hybrids.first { $0.device == setpoint.device }
    switch setpoint.kind {
    case .chargeLimit: return hybrid?.battery.map { -$0.maximumDischarge.value...$0.maximumCharge.value }
    case .dischargeLimit: return hybrid?.battery.map { -$0.maximumCharge.value...$0.maximumDischarge.value }
    case .productionLimit: return hybrid.map { 0...$0.acLimit.value }
    case .relayOn: return site.loads.contains { $0.device == setpoint.device } ? 0...1 : nil
    case .chargingCurrent:
      return site.chargers.first { $0.device == setpoint.device }.map { 0...$0.current.upperBound }
    case .chargingPhases:
      return site.chargers.first { $0.device == setpoint.device && $0.switchesPhases }.map {
        1...Double($0.phases.count)
      }
    case .heatPumpState:
      return site.heatPumps.first { $0.device == setpoint.device }.map { 1...($0.canBoost ? 4 : 2) }
    }
  }

  private func longest(_ setpoint: Setpoint) -> Duration {
    let hybrid = site.hybrids.first { $0.device == setpoint.device }
    switch setpoint.kind {
    case .chargeLimit, .dischargeLimit: return hybrid?.batteryReversion ?? .zero
    case .productionLimit: return hybrid?.productionReversion ?? .zero
    case .chargingCurrent, .chargingPhases:
      return site.chargers.first { $0.device == setpoint.device }?.reversion ?? .zero
    case .relayOn, .heatPumpState: return .seconds(10)
    }
  }

  /// The number of reversals within an hour, where there are too many.
  private mutating func follow(_ setpoint: Setpoint, span: Double, at second: Double) -> Int? {
    let key = Key(device: setpoint.device, kind: setpoint.kind)
    var swing = swings[key] ?? Swing(extreme: setpoint.value)
    swing.follow(setpoint.value, least: 0.25 * span, at: second)
    swings[key] = swing
    let isSwitch = [.relayOn, .heatPumpState, .chargingPhases].contains(setpoint.kind)
    let most = isSwitch ? Self.mostSwitchings : Self.mostReversals + uncontrolled.reversals.count
    return swing.reversals.count > most ? swing.reversals.count : nil
  }
}
