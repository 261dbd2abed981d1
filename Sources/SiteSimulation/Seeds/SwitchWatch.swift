import EnergyDispatch
import EnergyModel

/// Minimum times, starts an hour, and the longest block of a heat pump, by what the contacts really did.
struct SwitchWatch: Sendable {
  private struct Contact: Sendable {
    var isOn = true
    var changed = -Double.infinity
    var starts: [Double] = []
  }

  private struct Block: Sendable {
    var state = 2
    var since = -Double.infinity
    var away = 0.0
  }

  private let site: SiteParameters
  private let step: Double
  private var contacts: [Contact]
  private var blocks: [Block]
  private var phases: [(used: Int?, since: Double)]

  init(_ site: SiteParameters, step: Double) {
    self.site = site
    self.step = step
    contacts = Array(repeating: Contact(), count: site.loads.count)
    blocks = Array(repeating: Block(), count: site.heatPumps.count)
    phases = site.chargers.map { _ in (nil, -.infinity) }
  }

  mutating func look(_ scene: Judge.Scene) -> Violation? {
    for index in contacts.indices {
      if let found = lookAtLoad(index, scene) { return found }
    }
    for index in blocks.indices {
      if let found = lookAtPump(index, scene) { return found }
    }
    for index in phases.indices {
      if let found = lookAtPhases(index, scene) { return found }
    }
    return nil
  }

  /// Each change interrupts the charge and switches contactors: nothing is so urgent that it may come sooner.
  private mutating func lookAtPhases(_ index: Int, _ scene: Judge.Scene) -> Violation? {
    let charger = site.chargers[index]
    let used = scene.plant.chargers[index].phases
    guard used != phases[index].used else { return nil }
    let lasted = scene.second - phases[index].since
    let isFirst = phases[index].used == nil
    phases[index] = (used, isFirst ? -.infinity : scene.second)
    let minimum = charger.minimumPhaseTime.seconds
    guard !isFirst, lasted < minimum - 2 * step, scene.isSound(charger.device, for: minimum + scene.reaction)
    else { return nil }
    return scene.violation("phases", "\(charger.device) changes its phases after \(Int(lasted)) s")
  }

  private mutating func lookAtLoad(_ index: Int, _ scene: Judge.Scene) -> Violation? {
    let load = site.loads[index]
    let isOn = scene.plant.loads[index].isOn
    guard isOn != contacts[index].isOn else { return nil }
    let lasted = scene.second - contacts[index].changed
    contacts[index].isOn = isOn
    contacts[index].changed = scene.second
    let tolerated = 2 * step
    let minimum = (isOn ? load.minimumOff : load.minimumOn).seconds
    // What the relay really did was not to be seen, or it did not do what it was told when it was told.
    let isSeen = scene.isSound(load.device, for: min(7200, minimum + scene.reaction))
    guard isSeen else {
      if isOn { contacts[index].starts = [] }
      return nil
    }
    if isOn {
      if lasted < minimum - tolerated {
        return scene.violation("minimum off", "\(load.device) comes back after \(Int(lasted)) s of \(Int(minimum)) s")
      }
      return started(index, load, scene)
    }
    // Protection may break a minimum on time, a preference may not.
    let mayBreak =
      scene.isStressed(within: scene.reaction) || !scene.isConnected(for: scene.reaction)
      || scene.isLimited(within: scene.reaction)
      || !(site.gridMeter.map { scene.isSound($0.device, for: scene.reaction) } ?? true)
    if lasted < minimum - tolerated, !mayBreak {
      return scene.violation("minimum on", "\(load.device) goes after \(Int(lasted)) s of \(Int(minimum)) s")
    }
    return nil
  }

  private mutating func started(
    _ index: Int, _ load: SiteParameters.SheddableLoad, _ scene: Judge.Scene
  ) -> Violation? {
    contacts[index].starts.append(scene.second)
    contacts[index].starts.removeAll { scene.second - $0 >= 3600 - 2 * step }
    guard let most = load.startsAnHour, contacts[index].starts.count > most else { return nil }
    return scene.violation("starts", "\(load.device) is started \(contacts[index].starts.count) times within an hour")
  }

  private mutating func lookAtPump(_ index: Int, _ scene: Judge.Scene) -> Violation? {
    let pump = site.heatPumps[index]
    let state = scene.plant.heatPumps[index].state
    let since = blocks[index].since
    let isSeen = scene.isSound(pump.device, for: scene.reaction) && scene.isAgentUp(for: scene.reaction)
    // An agent that was away does not know for how long.
    if !scene.isAgentUp(for: step) { blocks[index].away += step }
    if state == 1, blocks[index].state == 1, isSeen, scene.isConnected(for: scene.reaction),
      scene.second - since - blocks[index].away > pump.longestBlock.seconds + scene.reaction
    {
      return scene.violation("longest block", "\(pump.device) is blocked for \(Int(scene.second - since)) s")
    }
    guard state != blocks[index].state else { return nil }
    let wasBlocked = blocks[index].state == 1
    blocks[index] = Block(state: state, since: scene.second)
    let minimum = pump.minimumOff.seconds
    if wasBlocked, isSeen, scene.second - since < minimum - 2 * step,
      scene.isSound(pump.device, for: min(7200, minimum + scene.reaction))
    {
      return scene.violation("shortest block", "\(pump.device) is blocked for \(Int(scene.second - since)) s only")
    }
    return nil
  }
}
