import EnergyModel

/// What the sentence says of chargers and heat pumps.
extension Explanation {
  /// Nothing while no car is there, and while it charges with all it wants.
  func charging(_ resolution: Resolution, _ device: DeviceID) -> [Clause] {
    guard let charger = site.chargers.first(where: { $0.device == device }), let seen = view.charger(device),
      seen.isHeard, seen.isConnected != false, resolution.handsOff == nil
    else { return [] }
    let clauses = resolution.isPaused ? [paused(resolution, charger)] : charges(resolution, charger, seen)
    guard charger.reversion == nil, !clauses.isEmpty else { return clauses }
    return [Clause(text: "the \(device) is only watched (holdfast check says why)")] + clauses
  }

  private func paused(_ resolution: Resolution, _ charger: SiteParameters.Charger) -> Clause {
    let text = "the \(charger.device) is paused"
    let waits = resolution.winner.flatMap { winner -> Reason? in
      guard case .value(let power) = winner.wish.target, power < charger.minimumPower else { return nil }
      return winner.wish.purpose
    }
    let bound = resolution.stopping(below: charger.minimumPower)
    // What it waits for says more than the time a pause lasts.
    if let bound, waits == nil || bound.precedence != .deviceProtection {
      let most = max(0, bound.limit.interval.upper)
      let least = Words.power(charger.minimumPower)
      let remark = most > 0 ? ", and the \(Words.power(most)) that are left are less than the \(least) it needs" : ""
      return Clause(text: text, reason: bound.limit.reason.description, remark: remark)
    }
    if let waits { return Clause(text: text, reason: waits.description) }
    return Clause(text: text, reason: "its phases may not be switched again so soon")
  }

  private func charges(
    _ resolution: Resolution, _ charger: SiteParameters.Charger, _ seen: SiteView.Charger
  ) -> [Clause] {
    let most = resolution.allowed.upper
    let cuts = seen.power.map { $0 >= most - max(100, 0.03 * resolution.physical.upper) } ?? true
    if let bound = resolution.upperBy, bound.limit.mention.isSaid(cuts: cuts) {
      let text = "the \(charger.device) charges with at most \(Words.power(most))"
      return [Clause(text: text, reason: bound.limit.reason.description, remark: foregone(resolution, most))]
    }
    // Bounds that it stays below by itself are nothing to tell.
    guard let winner = resolution.winner, let target = resolution.target, case .value(let wanted) = winner.wish.target,
      wanted < resolution.physical.upper
    else { return [] }
    let onOne = charger.switchesPhases && resolution.setting?.phases == 1 ? " on one phase" : ""
    let text = "the \(charger.device) may charge with \(Words.power(target))\(onOne)"
    return [Clause(text: text, reason: winner.wish.purpose.description)]
  }

  /// What the wish would have had beyond the bound.
  private func foregone(_ resolution: Resolution, _ most: Double) -> String {
    guard case .value(let wanted)? = resolution.winner?.wish.target, wanted - most >= BatterySaying.little else {
      return ""
    }
    return ", instead of \(Words.power(wanted))"
  }

  /// Nothing while it heats as it sees fit.
  func heatPump(_ resolution: Resolution, _ device: DeviceID) -> [Clause] {
    guard resolution.handsOff == nil, view.heatPump(device)?.state != nil else { return [] }
    if let bound = resolution.stopping(below: 2) {
      return [Clause(text: "the \(device) is blocked", reason: bound.limit.reason.description)]
    }
    if let lower = resolution.lowerBy, resolution.bounds.contains(where: { $0.yieldedTo == lower.rule }) {
      return [Clause(text: "the \(device) runs", reason: lower.limit.reason.description)]
    }
    guard let target = resolution.target, target >= 3, let winner = resolution.winner else { return [] }
    return [Clause(text: "the \(device) may take more", reason: winner.wish.purpose.description)]
  }
}

extension Resolution {
  /// Whether a charger comes to 0 A.
  var isPaused: Bool { setting.map { $0.current == 0 } ?? false }

  /// The bound that stops what needs at least `least`: not the minimum time that goes with stopping, where there is another.
  func stopping(below least: Double) -> Bound? {
    guard allowed.upper < least else { return nil }
    return bounds.first { $0.holds && $0.limit.interval.upper < least && $0.precedence != .deviceProtection } ?? upperBy
  }
}
