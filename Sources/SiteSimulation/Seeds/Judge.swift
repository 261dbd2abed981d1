public import EnergyDispatch
import EnergyModel
import SiteSimulator

/// Something that must not happen, and did.
public struct Violation: Hashable, Sendable, CustomStringConvertible {
  /// Since the start, s.
  public var second: Double
  /// A few stable words.
  public var what: String
  public var text: String

  public var description: String {
    let clock = Int(second)
    func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
    return "\(two(clock / 3600)):\(two(clock / 60 % 60)):\(two(clock % 60)) \(what): \(text)"
  }
}

/// Watches what control does to a plant, at every step, and shares no code with its rules: it looks at what really
/// happens, and at what control could know. Whoever was lied to, was away, or spoke to the deaf is excused until a
/// reaction time after it ended.
public struct Judge: Sendable {
  let site: SiteParameters
  /// Time that control has for anything, s: its patience with devices, a retry, and three steps.
  let reaction: Double
  let step: Double
  var batteries: [BatteryWatch]
  var grid: GridWatch
  var switches: SwitchWatch
  var setpoints: SetpointWatch
  var limits: [LimitWatch]
  var islands: IslandWatch
  var ramps: RampWatch
  var releases: ReleaseWatch
  var writes: WriteWatch
  private(set) var record: EvidenceRecord

  /// - Parameter site: with the timers that the plant really has.
  public init(_ site: SiteParameters, step: Double) {
    self.site = site
    self.step = step
    reaction = 30 + 4 * step
    batteries = site.hybrids.compactMap { hybrid in
      hybrid.battery.map { BatteryWatch(hybrid, $0, reaction: 30 + 4 * step) }
    }
    grid = GridWatch(site, reaction: 30 + 4 * step)
    switches = SwitchWatch(site, step: step)
    setpoints = SetpointWatch(site)
    limits = SiteParameters.Channel.Class.allCases.map { LimitWatch($0, site, reaction: 30 + 4 * step) }
    islands = IslandWatch(site)
    ramps = RampWatch(site, step: step)
    releases = ReleaseWatch(site)
    writes = WriteWatch(site, step: step)
    record = EvidenceRecord(site)
  }

  public mutating func look(_ step: SiteLoop.Step, _ plant: Plant) -> Violation? {
    record.add(step, plant)
    let scene = Scene(step: step, plant: plant, record: record, reaction: reaction)
    if let found = Self.balance(scene) ?? setpoints.look(scene) { return found }
    for index in batteries.indices {
      if let found = batteries[index].look(scene) { return found }
    }
    for index in limits.indices {
      if let found = limits[index].look(scene, record.asked) { return found }
    }
    return grid.look(scene) ?? switches.look(scene) ?? islands.look(scene) ?? ramps.look(scene)
      ?? releases.look(scene) ?? writes.look(scene)
  }

  /// What the plant does is physics: it is checked so that nothing else here is built on sand.
  private static func balance(_ scene: Scene) -> Violation? {
    let state = scene.plant.state
    let busbar = state.grid.total + state.hybrids + state.generator - state.consumption
    guard busbar.isFinite, abs(busbar) < 1 else {
      return scene.violation("energy balance", "\(busbar) W at the busbar")
    }
    let inner = state.production + state.battery - state.losses - state.hybrids
    guard abs(inner) < 1 else { return scene.violation("energy balance", "\(inner) W behind the inverters") }
    return nil
  }

  /// Everything that a watch looks at.
  struct Scene {
    var step: SiteLoop.Step
    var plant: Plant
    var record: EvidenceRecord
    var reaction: Double

    var second: Double { step.second }

    func violation(_ what: String, _ text: String) -> Violation { Violation(second: second, what: what, text: text) }

    /// Whether control has known the truth of `device`, and was obeyed by it, for `seconds`.
    func isSound(_ device: DeviceID, for seconds: Double) -> Bool {
      second - (record.spoilt[device] ?? -.infinity) > seconds
    }

    /// Whether nothing was told of `device` that was wrong without a sign of it, and it obeyed.
    func isHonest(_ device: DeviceID, for seconds: Double) -> Bool {
      second - (record.lied[device] ?? -.infinity) > seconds
    }

    func isAgentUp(for seconds: Double) -> Bool { second - record.agentDown > seconds }
    func isConnected(for seconds: Double) -> Bool { second - record.islanded > seconds }
    func isStressed(within seconds: Double) -> Bool { second - record.stressed <= seconds }
    func isLimited(within seconds: Double) -> Bool { second - record.limited <= seconds }
    func isLegallyLimited(within seconds: Double) -> Bool { second - record.legallyLimited <= seconds }
  }
}
