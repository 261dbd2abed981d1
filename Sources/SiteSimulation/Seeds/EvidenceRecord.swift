import EnergyDispatch
import EnergyModel
import SiteSimulator

/// When something was last wrong with what control could know, and what it was asked.
struct EvidenceRecord: Sendable {
  private struct Block: Sendable {
    var isBlocked = false
    /// Time blocked less time let run since, s.
    var debt = 0.0
    /// It was blocked for as long as it may be, and runs until nothing of that is left.
    var isResting = false
    var released = -Double.infinity
  }

  /// Lying, missing or deaf.
  private(set) var spoilt: [DeviceID: Double] = [:]
  /// Lying or deaf.
  private(set) var lied: [DeviceID: Double] = [:]
  private(set) var agentDown = 0.0
  private(set) var memoryLost = 0.0
  private(set) var islanded = -Double.infinity
  /// The connection came near its fuse.
  private(set) var stressed = -Double.infinity
  /// Some channel limited the site, or may have.
  private(set) var limited = -Double.infinity
  private(set) var legallyLimited = -Double.infinity
  private(set) var asked: AskedLimits
  private var blocks: [DeviceID: Block] = [:]
  /// What a meter below measures is known by it.
  private let measured: [DeviceID: [DeviceID]]
  private let pumps: [SiteParameters.HeatPump]

  init(_ site: SiteParameters) {
    asked = AskedLimits(site)
    pumps = site.heatPumps
    measured = Dictionary(grouping: site.subMeters, by: \.device).mapValues { $0.compactMap(\.measures) }
  }

  mutating func add(_ step: SiteLoop.Step, _ plant: Plant) {
    let now = step.second
    for device in step.evidence.lying.union(step.evidence.deaf) {
      for told in [device] + (measured[device] ?? []) {
        spoilt[told] = now
        lied[told] = now
      }
    }
    for device in step.evidence.missing {
      for told in [device] + (measured[device] ?? []) { spoilt[told] = now }
    }
    for device in step.circumstances.alarms.keys { spoilt[device] = now }
    if !step.evidence.isAgentUp { agentDown = now }
    if step.evidence.isMemoryLost { memoryLost = now }
    if !plant.state.isGridPresent { islanded = now }
    if let fuse = plant.description.parameters.fuse, plant.worstCurrent > 0.85 * fuse.rating.value { stressed = now }
    asked.look(step)
    if !asked.mayLimit.isEmpty { limited = now }
    if asked.mayLimit.contains(.legal) { legallyLimited = now }
    for pump in plant.heatPumps { follow(pump, now, step.seconds, isSeen: step.evidence.isAgentUp) }
  }

  private mutating func follow(_ pump: PlantHeatPump, _ now: Double, _ seconds: Double, isSeen: Bool) {
    var block = blocks.removeValue(forKey: pump.site.device) ?? Block()
    let isBlocked = pump.state == 1
    if block.isBlocked, !isBlocked { block.released = now }
    block.isBlocked = isBlocked
    // What it ran while the agent was away nobody saw, so it is not held against the house.
    block.debt = max(0, block.debt + (isBlocked ? seconds : isSeen ? -seconds : 0))
    // Control counts in minutes over a restart.
    if block.debt > 0.9 * pump.site.longestBlock.seconds { block.isResting = true }
    // Nor is a block begun that would have to end before its minimum time is over.
    let left = pump.site.longestBlock.seconds - block.debt
    if !isBlocked, left < pump.site.minimumOff.seconds + 120 { block.isResting = true }
    if block.debt == 0 { block.isResting = false }
    blocks[pump.site.device] = block
  }

  /// Heat pumps that control has to let run: for their minimum time after a block, and for as long as they were blocked
  /// where that was the longest block, or left no room for another. Without memory it has to take both for the case.
  func letRun(at second: Double) -> Set<DeviceID> {
    Set(
      pumps.lazy.filter { pump in
        let block = blocks[pump.device] ?? Block()
        let minimum = pump.minimumOn.seconds + 120
        return block.isResting || second < block.released + minimum || second < agentDown + minimum
          || second < memoryLost + pump.longestBlock.seconds + 120
      }.map(\.device))
  }
}
