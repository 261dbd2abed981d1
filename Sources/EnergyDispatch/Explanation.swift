import EnergyModel

/// Says what was decided: as one sentence, and as the list of all bounds.
struct Explanation {
  let site: SiteParameters
  let view: SiteView
  let resolutions: [Resolution]
  let isSafeState: Bool

  var sentence: String {
    var clauses = isSafeState ? ["safe state"] : []
    clauses += wishes
    if view.grid != nil, view.grid?.power == nil { clauses.append("the grid meter is silent") }
    clauses += resolutions.flatMap { clausesOf($0) }
    if clauses.isEmpty { clauses = ["no rule wishes or bounds anything"] }
    let text = Words.capitalized(clauses.joined(separator: "; ")) + "."
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

  /// `self-consumption: the hybrid covers the house itself`; that loads are supplied goes without saying.
  private var wishes: [String] {
    resolutions.compactMap { resolution in
      guard case .battery = resolution.quantity, resolution.handsOff == nil, let winner = resolution.winner
      else { return nil }
      return "\(winner.rule): \(winner.wish.purpose)"
    }
  }

  private func clausesOf(_ resolution: Resolution) -> [String] {
    var clauses: [String]
    switch resolution.quantity {
    case .battery(let device): clauses = battery(resolution, device)
    case .production(let device): clauses = production(resolution, device)
    case .supply(let device): clauses = supply(resolution, device)
    }
    for bound in resolution.bounds where resolution.handsOff == nil {
      if let stronger = bound.yieldedTo { clauses.append("\(bound.rule) yields to \(stronger)") }
    }
    return clauses
  }

  private func battery(_ resolution: Resolution, _ device: DeviceID) -> [String] {
    if let reason = resolution.handsOff { return ["the \(device)'s battery is left to its inverter because \(reason)"] }
    var clauses: [String] = []
    if site.hybrids.first(where: { $0.device == device })?.batteryReversion == nil {
      clauses.append("the \(device)'s battery is only watched because it has no reversion timer")
    }
    let subject = site.hybrids.count > 1 ? "the \(device)'s battery" : "battery"
    let grid = view.grid?.power ?? 0
    if let bound = resolution.upperBy, bound.limit.isRemarkable {
      let most = max(0, resolution.allowed.upper)
      let forgone = min(max(0, grid), resolution.physical.upper - most)
      clauses.append(
        "\(subject) may discharge at most \(Words.power(most)) because \(bound.limit.reason)"
          + Self.forgoing(forgone))
    }
    if let bound = resolution.lowerBy, bound.limit.isRemarkable {
      let lower = resolution.allowed.lower
      if lower > 0 {
        clauses.append("\(subject) has to discharge at least \(Words.power(lower)) because \(bound.limit.reason)")
      } else {
        let forgone = min(max(0, -grid), lower - resolution.physical.lower)
        clauses.append(
          "\(subject) may charge at most \(Words.power(-lower)) because \(bound.limit.reason)"
            + Self.forgoing(forgone))
      }
    }
    return clauses
  }

  private func production(_ resolution: Resolution, _ device: DeviceID) -> [String] {
    guard resolution.handsOff == nil, let bound = resolution.upperBy else { return [] }
    let most = Words.power(resolution.allowed.upper)
    let isWatched = site.hybrids.first { $0.device == device }?.productionReversion == nil
    return ["the \(device) \(isWatched ? "should feed" : "feeds") in at most \(most) because \(bound.limit.reason)"]
  }

  private func supply(_ resolution: Resolution, _ device: DeviceID) -> [String] {
    if let reason = resolution.handsOff { return ["the \(device) is left as it is because \(reason)"] }
    guard resolution.target == 0, let bound = resolution.upperBy else { return [] }
    return ["the \(device) is off because \(bound.limit.reason)"]
  }

  /// What the bound costs at this moment; little is not worth the words.
  private static func forgoing(_ power: Double) -> String {
    power >= 50 ? ", which forgoes up to \(Words.power(power))" : ""
  }

  static func demand(_ limit: Limit) -> String {
    let interval = limit.interval
    switch limit.quantity {
    case .supply: return interval.upper < 1 ? "off" : "on"
    case .production: return "feed in at most \(Words.power(max(0, interval.upper)))"
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
