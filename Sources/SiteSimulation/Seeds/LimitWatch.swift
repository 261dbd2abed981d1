import EnergyDispatch
import EnergyModel
import SiteSimulator

/// Limits of one class of channels: import, controllable devices and export, each after its permitted reaction time and
/// as far as control still has something to hold them with.
struct LimitWatch: Sendable {
  /// An overrun of a limit that may change; a stricter one begins anew.
  private struct Moving: Sendable {
    var overrun: Overrun
    var last = Double.infinity

    mutating func follow(_ value: Double, _ limit: Double?, _ slack: Double, isExcused: Bool, at second: Double) -> Bool
    {
      let isStricter = (limit ?? .infinity) < last
      last = limit ?? .infinity
      return overrun.follow(value > last + slack, isExcused: isExcused || isStricter, at: second)
    }
  }

  private let kind: SiteParameters.Channel.Class
  private let site: SiteParameters
  private var imported: Moving
  private var controllable: Moving
  private var exported: Moving
  private let ratings: Double
  /// Of the channels that come by a contact.
  private let contacts: [DeviceID]
  /// Everybody gets a minute to try what is cheap before somebody is switched off.
  private static let importReaction = 90.0
  private static let chargers = 120.0

  init(_ kind: SiteParameters.Channel.Class, _ site: SiteParameters, reaction: Double) {
    self.kind = kind
    self.site = site
    imported = Moving(overrun: Overrun(permitted: reaction + Self.importReaction))
    controllable = Moving(overrun: Overrun(permitted: reaction + Self.chargers))
    exported = Moving(overrun: Overrun(permitted: reaction))
    ratings = site.hybrids.reduce(0) { $0 + $1.acLimit.value }
    contacts = site.channels.compactMap { channel in
      if case .contact(let device, _) = channel.kind, channel.class == kind { return device }
      return nil
    }
  }

  mutating func look(_ scene: Judge.Scene, _ asked: AskedLimits) -> Violation? {
    let limits = asked.limits[kind] ?? [:]
    let isUp =
      scene.isAgentUp(for: scene.reaction) && scene.isConnected(for: scene.reaction)
      && contacts.allSatisfy { scene.isHonest($0, for: scene.reaction) }
    return lookAtControllable(scene, limits[.controllablePower], isUp)
      ?? lookAtImport(scene, limits[.importPower], isUp) ?? lookAtExport(scene, limits[.exportPower], isUp)
  }

  private mutating func lookAtControllable(_ scene: Judge.Scene, _ limit: Double?, _ isUp: Bool) -> Violation? {
    guard let devices = site.controllable?.devices else { return nil }
    let free = scene.record.letRun(at: scene.second)
    let draw = scene.plant.controllableDraw(without: free)
    let patience = scene.reaction + Self.chargers
    // Who is silent counts with all that he may take, and the others make room; a battery of which nothing is known may
    // charge by a programme of its own.
    let isKnown = devices.allSatisfy { device in
      scene.isHonest(device, for: patience)
        && (site.hybrids.allSatisfy { $0.device != device } || scene.isSound(device, for: patience))
    }
    let relief = Self.relief(scene, devices.filter { !free.contains($0) && scene.isSound($0, for: patience) })
    let slack = 0.02 * (limit ?? 0) + 100
    let isExcused = !isUp || !isKnown || relief == nil
    guard controllable.follow(draw, limit, slack, isExcused: isExcused, at: scene.second), let limit else { return nil }
    return scene.violation(
      "\(kind) limit",
      "controllable devices draw \(Int(draw)) W, the limit is \(Int(limit)) W, while \(relief ?? "") could give way")
  }

  /// One of `devices` that takes power.
  private static func relief(_ scene: Judge.Scene, _ devices: [DeviceID]) -> String? {
    devices.first { device in
      let hybrid = scene.plant.hybrids.first { $0.site.device == device }
      return hybrid.map { $0.inverter.ac < -100 } ?? ((scene.plant.power(of: device) ?? 0) > 100)
    }?.name
  }

  private mutating func lookAtImport(_ scene: Judge.Scene, _ limit: Double?, _ isUp: Bool) -> Violation? {
    guard let meter = site.gridMeter?.device else { return nil }
    let grid = scene.plant.state.grid.total
    let relief = limit == nil ? nil : GridWatch.relief(scene)
    let isExcused = !isUp || relief == nil || !scene.isSound(meter, for: scene.reaction + Self.importReaction)
    let slack = 0.03 * (limit ?? 0) + 200
    guard imported.follow(grid, limit, slack, isExcused: isExcused, at: scene.second), let limit else { return nil }
    return scene.violation(
      "\(kind) import",
      "\(Int(grid)) W are imported, the limit is \(Int(limit)) W, while \(relief ?? "") could give way")
  }

  private mutating func lookAtExport(_ scene: Judge.Scene, _ limit: Double?, _ isUp: Bool) -> Violation? {
    guard let meter = site.gridMeter?.device else { return nil }
    let export = -scene.plant.state.grid.total
    let canAct =
      site.hybrids.allSatisfy { $0.productionReversion != nil && scene.isSound($0.device, for: scene.reaction) }
      && scene.isHonest(meter, for: scene.reaction)
    let slack = 0.02 * ratings + 50
    guard exported.follow(export, limit, slack, isExcused: !isUp || !canAct, at: scene.second), let limit else {
      return nil
    }
    return scene.violation("\(kind) export", "\(Int(export)) W are fed in, the limit is \(Int(limit)) W")
  }
}
