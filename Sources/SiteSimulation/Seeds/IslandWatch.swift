import EnergyDispatch
import EnergyModel
import SiteSimulator

/// An inverter that carries an island is left to do so: nothing that is told to it binds its battery or its feed-in, least of
/// all to 0 W, and so nothing answers to the frequency, which the plant raises when a battery is full.
struct IslandWatch: Sendable {
  private let site: SiteParameters
  private var since: Double?

  init(_ site: SiteParameters) { self.site = site }

  mutating func look(_ scene: Judge.Scene) -> Violation? {
    guard scene.plant.state.isIslanded else {
      since = nil
      return nil
    }
    let began = since ?? scene.second
    since = began
    guard scene.second - began > scene.reaction, scene.isAgentUp(for: scene.reaction) else { return nil }
    for command in scene.step.outcome?.commands ?? [] {
      guard let hybrid = site.hybrids.first(where: { $0.device == command.device }), let battery = hybrid.battery,
        scene.isSound(hybrid.device, for: scene.reaction)
      else { continue }
      for setpoint in command.setpoints {
        let least: Double
        switch setpoint.kind {
        case .chargeLimit: least = battery.maximumCharge.value
        case .dischargeLimit: least = battery.maximumDischarge.value
        case .productionLimit: least = hybrid.acLimit.value
        default: continue
        }
        if setpoint.value < least - 1 {
          return scene.violation(
            "island", "\(hybrid.device) carries the island and gets \(setpoint.kind.rawValue) \(setpoint.value)")
        }
      }
    }
    return nil
  }
}
