import EnergyModel

/// Says what was decided: as one sentence, and as the list of all bounds.
///
/// The sentence begins with what is unknown, if anything is, then says what is wished, and what of the
/// bounds cuts into it at this moment. What does not is only in the list.
struct Explanation {
  let site: SiteParameters
  let view: SiteView
  let resolutions: [Resolution]
  let isSafeState: Bool
  /// True while devices may still be about to tell their first values.
  let isStarting: Bool

  /// Something said, and why: what has the same reason is said together.
  struct Clause: Hashable {
    var text: String
    var reason: String?
    var remark = ""
  }

  var sentence: String {
    var clauses = unknown + wishes.map { Clause(text: $0) } + resolutions.flatMap { clausesOf($0) }
    if clauses.isEmpty { clauses = [Clause(text: "no rule wishes or bounds anything")] }
    var text = Self.joined(clauses)
    if isSafeState { text = (isStarting ? "starting: " : "safe state: ") + text }
    text = Words.capitalized(text) + "."
    return site.mode == .monitor ? "Would do (monitor mode, nothing is written): \(text)" : text
  }

  var bounds: [Decision.Bound] {
    resolutions.flatMap { resolution in
      resolution.bounds.map { bound in
        var text = "\(Self.demand(bound.limit)): \(bound.limit.reason)"
        if let stronger = bound.yieldedTo { text += " (yields to \(stronger))" }
        return Decision.Bound(
          rule: bound.rule, quantity: resolution.quantity.name, text: text,
          holds: bound.holds && resolution.handsOff == nil)
      }
    }
  }

  /// The wish that people ask about first: the battery's, or else a load's.
  var winner: Resolution.Winner? {
    resolutions.first { $0.handsOff == nil && $0.winner != nil }?.winner
  }

  /// What does not tell what is needed, and what becomes of it meanwhile.
  private var unknown: [Clause] {
    let silence = Silence(site: site, view: view)
    return silence.clauses(isStarting: isStarting).map { Clause(text: $0) }
  }

  /// `self-consumption: the hybrid covers the house itself`; that loads are supplied goes without saying.
  private var wishes: [String] {
    resolutions.compactMap { resolution in
      guard case .battery = resolution.quantity, resolution.handsOff == nil, let winner = resolution.winner
      else { return nil }
      return "\(winner.rule): \(winner.wish.purpose)"
    }
  }

  private func clausesOf(_ resolution: Resolution) -> [Clause] {
    var clauses: [Clause]
    switch resolution.quantity {
    case .battery(let device): clauses = battery(resolution, device)
    case .production(let device): clauses = production(resolution, device)
    case .supply(let device): clauses = supply(resolution, device)
    case .charging(let device): clauses = charging(resolution, device)
    case .heatPump(let device): clauses = heatPump(resolution, device)
    }
    for bound in resolution.bounds where resolution.handsOff == nil {
      if let stronger = bound.yieldedTo { clauses.append(Clause(text: "\(bound.rule) yields to \(stronger)")) }
    }
    return clauses
  }

  private func battery(_ resolution: Resolution, _ device: DeviceID) -> [Clause] {
    guard let hybrid = site.hybrids.first(where: { $0.device == device }), let seen = view.hybrid(device),
      seen.isHeard
    else { return [] }
    if let reason = resolution.handsOff {
      return [Clause(text: "the \(device)'s battery is left to its inverter", reason: reason.description)]
    }
    let subject = site.hybrids.count > 1 ? "the \(device)'s battery" : "battery"
    let saying = BatterySaying(
      subject: subject, hybrid: hybrid, seen: seen, grid: view.grid?.power, resolution: resolution)
    guard hybrid.batteryReversion == nil else { return saying.clauses }
    let watched = "the \(device)'s battery is only watched (holdfast check says why)"
    return [Clause(text: watched)] + saying.clauses
  }

  private func production(_ resolution: Resolution, _ device: DeviceID) -> [Clause] {
    guard resolution.handsOff == nil, let bound = resolution.upperBy, let seen = view.hybrid(device), seen.isHeard,
      bound.limit.mention.isSaid(cuts: produces(seen, near: resolution))
    else { return [] }
    let isWatched = site.hybrids.first { $0.device == device }?.productionReversion == nil
    let most = Words.power(resolution.allowed.upper)
    let text = "the \(device) \(isWatched ? "should produce" : "produces") at most \(most)"
    return [Clause(text: text, reason: bound.limit.reason.description)]
  }

  /// Whether the bound is what holds the production down.
  private func produces(_ seen: SiteView.Hybrid, near resolution: Resolution) -> Bool {
    guard let power = seen.acPower else { return true }
    return power >= resolution.allowed.upper - max(100, 0.03 * resolution.physical.upper)
  }

  private func supply(_ resolution: Resolution, _ device: DeviceID) -> [Clause] {
    guard resolution.handsOff == nil, resolution.target == 0, let bound = resolution.stopping(below: 1) else {
      return []
    }
    return [Clause(text: "the \(device) is off", reason: bound.limit.reason.description)]
  }

  private static func joined(_ clauses: [Clause]) -> String {
    var groups: [[Clause]] = []
    for clause in clauses {
      if let last = groups.last?.last, let reason = clause.reason, last.reason == reason, last.remark.isEmpty {
        groups[groups.count - 1].append(clause)
      } else {
        groups.append([clause])
      }
    }
    return groups.map { group in
      let reason = group[0].reason.map { " because \($0)" } ?? ""
      return Words.list(group.map(\.text)) + reason + group[group.count - 1].remark
    }.joined(separator: "; ")
  }

  static func demand(_ limit: Limit) -> String {
    let interval = limit.interval
    switch limit.quantity {
    case .supply: return interval.upper < 1 ? "off" : "on"
    case .charging:
      guard interval.upper > 0 else { return "paused" }
      var parts: [String] = []
      if interval.lower > 0 { parts.append("charge with at least \(Words.power(interval.lower))") }
      if interval.upper < .infinity { parts.append("charge with at most \(Words.power(interval.upper))") }
      return Words.list(parts)
    case .heatPump: return interval.upper < 2 ? "blocked" : interval.upper < 3 ? "not boosted" : "let run"
    case .production: return "produce at most \(Words.power(max(0, interval.upper)))"
    case .battery:
      var parts: [String] = []
      if interval.upper < .infinity { parts.append("discharge at most \(Words.power(max(0, interval.upper)))") }
      if interval.lower > 0 { parts.append("discharge at least \(Words.power(interval.lower))") }
      if interval.lower > -.infinity, interval.lower <= 0 {
        parts.append("charge at most \(Words.power(-interval.lower))")
      }
      return Words.list(parts)
    }
  }
}
