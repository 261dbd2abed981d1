import EnergyDispatch
import EnergyModel
import SiteSimulator

/// Fuse, in both directions, and feed-in cap at the connection, each after its permitted reaction time and as far as control
/// still has something to hold them with.
struct GridWatch: Sendable {
  private let site: SiteParameters
  private var fuse: Overrun
  private var blind: Overrun
  private var exported: Overrun
  private var feedIn: Overrun

  init(_ site: SiteParameters, reaction: Double) {
    self.site = site
    fuse = Overrun(permitted: reaction + 30)
    blind = Overrun(permitted: reaction)
    exported = Overrun(permitted: reaction)
    feedIn = Overrun(permitted: reaction)
  }

  mutating func look(_ scene: Judge.Scene) -> Violation? {
    let isUp = scene.isAgentUp(for: scene.reaction) && scene.isConnected(for: scene.reaction)
    return lookAtFuse(scene, isUp) ?? lookAtExport(scene, isUp) ?? lookAtFeedIn(scene, isUp)
  }

  private mutating func lookAtFuse(_ scene: Judge.Scene, _ isUp: Bool) -> Violation? {
    guard let limit = site.fuse, let meter = site.gridMeter?.device else { return nil }
    let worst = scene.plant.worstCurrent
    let over = scene.plant.currents.indices.filter { scene.plant.currents[$0] > 1.01 * limit.rating.value }
    let relief = Self.relief(scene, on: over)
    let isKnown = scene.isSound(meter, for: scene.reaction)
    if fuse.follow(
      worst > 1.01 * limit.rating.value && relief != nil, isExcused: !isUp || !isKnown, at: scene.second)
    {
      return scene.violation("fuse", "\(worst) A of \(limit.rating.value) A while \(relief ?? "") could give way")
    }
    // Whoever does not know the currents takes nothing from the grid into a battery.
    let isBlind = scene.step.evidence.missing.contains(meter) && scene.isHonest(meter, for: scene.reaction)
    let charging = scene.plant.hybrids.first { hybrid in
      hybrid.hasBattery && hybrid.site.batteryReversion != nil && hybrid.inverter.ac < -300
        && scene.isSound(hybrid.site.device, for: scene.reaction)
    }
    if blind.follow(isBlind && charging != nil, isExcused: !isUp, at: scene.second) {
      let device = charging?.site.device.name ?? ""
      return scene.violation("fuse unknown", "\(device) charges from the grid while the meter is silent")
    }
    return nil
  }

  /// Something that still takes power, could be told to stop, and would answer.
  /// - Parameter places: the phases of the connection (from 0) that it has to hang on; nil where any will do.
  static func relief(_ scene: Judge.Scene, on places: [Int]? = nil) -> String? {
    let patience = scene.reaction
    let isSingle = scene.plant.currents.count == 1
    func relieves(_ phases: [Int]) -> Bool {
      places.map { $0.contains { isSingle || phases.contains($0 + 1) } } ?? true
    }
    for load in scene.plant.loads where load.power > 0 && !load.site.isCritical {
      guard relieves(load.phase.map { [$0 + 1] } ?? [1, 2, 3]) else { continue }
      if scene.isSound(load.site.device, for: patience) { return load.site.device.name }
    }
    for hybrid in scene.plant.hybrids where hybrid.hasBattery && hybrid.inverter.ac < -300 {
      if hybrid.site.batteryReversion != nil, scene.isSound(hybrid.site.device, for: patience) {
        return hybrid.site.device.name
      }
    }
    for charger in scene.plant.chargers where charger.power > 0 && charger.site.reversion != nil {
      // On one phase of three it burdens the first of its own alone.
      guard relieves(Array(charger.site.phases.prefix(charger.phases))) else { continue }
      if scene.isSound(charger.site.device, for: patience) { return charger.site.device.name }
    }
    return nil
  }

  /// A fuse does not ask which way the current flows. Whoever does not know the currents takes the house to consume nothing, so
  /// that a silent meter is no excuse.
  private mutating func lookAtExport(_ scene: Judge.Scene, _ isUp: Bool) -> Violation? {
    guard let limit = site.fuse, let meter = site.gridMeter?.device else { return nil }
    let worst = scene.plant.worstExport
    let isExcused = !isUp || !canCurtail(scene, meter)
    guard exported.follow(worst > 1.01 * limit.rating.value, isExcused: isExcused, at: scene.second) else { return nil }
    return scene.violation("fuse export", "\(worst) A are fed in, the fuse is rated \(limit.rating.value) A")
  }

  private func canCurtail(_ scene: Judge.Scene, _ meter: DeviceID) -> Bool {
    site.hybrids.allSatisfy { $0.productionReversion != nil && scene.isSound($0.device, for: scene.reaction) }
      && scene.isHonest(meter, for: scene.reaction)
  }

  private mutating func lookAtFeedIn(_ scene: Judge.Scene, _ isUp: Bool) -> Violation? {
    guard let cap = site.feedIn, let meter = site.gridMeter?.device else { return nil }
    let export = -scene.plant.state.grid.total
    let whole = site.hybrids.reduce(0) { $0 + $1.acLimit.value }
    let isStored = cap.storedIn != nil && site.hybrids.count == 1
    let isOver = export > cap.limit.value + 0.02 * whole + 50
    let isExcused = !isStored && (!isUp || !canCurtail(scene, meter))
    if feedIn.follow(isOver, isExcused: isExcused, at: scene.second) {
      return scene.violation("feed-in", "\(Int(export)) W are fed in, the cap is \(Int(cap.limit.value)) W")
    }
    return nil
  }
}
