import EnergyDispatch
import EnergyModel

/// Minimum times, starts an hour, and the longest block of a heat pump, by what contacts and chargers really did.
struct SwitchWatch: Sendable {
  private struct Contact: Sendable {
    /// Nil while that means nothing.
    var isOn: Bool? = true
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
  private var charges: [Contact]
  /// When the fuse last had no room for all that cars may take.
  private var crowded = -Double.infinity
  private var phases: [(used: Int?, since: Double)]

  init(_ site: SiteParameters, step: Double) {
    self.site = site
    self.step = step
    contacts = Array(repeating: Contact(), count: site.loads.count)
    blocks = Array(repeating: Block(), count: site.heatPumps.count)
    charges = Array(repeating: Contact(isOn: nil), count: site.chargers.count)
    phases = site.chargers.map { _ in (nil, -.infinity) }
  }

  mutating func look(_ scene: Judge.Scene) -> Violation? {
    if hasNoRoom(scene) { crowded = scene.second }
    for index in contacts.indices {
      if let found = lookAtLoad(index, scene) { return found }
    }
    for index in blocks.indices {
      if let found = lookAtPump(index, scene) { return found }
    }
    for index in phases.indices {
      if let found = lookAtPhases(index, scene) ?? lookAtCharge(index, scene) { return found }
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
    if lasted < minimum - tolerated, !mayBreak(scene) {
      return scene.violation("minimum on", "\(load.device) goes after \(Int(lasted)) s of \(Int(minimum)) s")
    }
    return nil
  }

  /// Protection may break a minimum on time, a preference may not.
  private func mayBreak(_ scene: Judge.Scene) -> Bool {
    scene.isStressed(within: scene.reaction) || !scene.isConnected(for: scene.reaction)
      || scene.isLimited(within: scene.reaction)
      || !(site.gridMeter.map { scene.isSound($0.device, for: scene.reaction) } ?? true)
  }

  /// A charge once begun, and a pause of a car that is there.
  private mutating func lookAtCharge(_ index: Int, _ scene: Judge.Scene) -> Violation? {
    let charger = site.chargers[index]
    let plant = scene.plant.chargers[index]
    guard plant.isConnected else {
      charges[index] = Contact(isOn: nil)
      return nil
    }
    let isOn = plant.told >= charger.current.lowerBound
    let before = charges[index]
    guard isOn != before.isOn else { return nil }
    charges[index] = Contact(isOn: isOn, changed: before.isOn == nil ? -.infinity : scene.second)
    let minimum = (isOn ? charger.minimumOff : charger.minimumOn).seconds
    let lasted = scene.second - before.changed
    // Its own timer pauses it, or lets it charge, while nobody tells it anything.
    guard before.isOn != nil, lasted < minimum - 2 * step, scene.isSound(charger.device, for: minimum + scene.reaction),
      scene.isAgentUp(for: minimum + scene.reaction)
    else { return nil }
    if isOn { return scene.violation("shortest pause", "\(charger.device) is paused for \(Int(lasted)) s only") }
    return mayBreak(scene) || scene.second - crowded <= scene.reaction
      ? nil : scene.violation("shortest charge", "\(charger.device) charges for \(Int(lasted)) s only")
  }

  /// What cars could take at most is kept for those that go first, whether they take it or not; and chargers make room for the load
  /// that comes back next, for twice its power after an outage (seed 9090).
  private func hasNoRoom(_ scene: Judge.Scene) -> Bool {
    let idle = scene.plant.chargers.reduce(0) { $0 + max(0, $1.site.current.upperBound - $1.current) }
    let off = scene.plant.loads.lazy.filter { !$0.isOn }.map { 2 * $0.site.rated.value / 230 }.max() ?? 0
    return site.fuse.map { scene.plant.worstCurrent + idle + off > 0.85 * $0.rating.value } ?? false
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
    let lasted = scene.second - since
    if state == 1, lasted < pump.minimumOn.seconds - 2 * step, isSeen, !mayBreak(scene),
      scene.isAgentUp(for: pump.minimumOn.seconds + scene.reaction),
      scene.isSound(pump.device, for: pump.minimumOn.seconds + scene.reaction)
    {
      return scene.violation("shortest run", "\(pump.device) runs for \(Int(lasted)) s only")
    }
    let minimum = pump.minimumOff.seconds
    if wasBlocked, isSeen, scene.second - since < minimum - 2 * step,
      scene.isSound(pump.device, for: min(7200, minimum + scene.reaction))
    {
      return scene.violation("shortest block", "\(pump.device) is blocked for \(Int(scene.second - since)) s only")
    }
    return nil
  }
}
