import EnergyModel

/// Says which devices do not answer, and what becomes of them meanwhile.
struct Silence {
  let site: SiteParameters
  let view: SiteView

  func clauses(isStarting: Bool) -> [String] {
    let hybrids = view.hybrids.filter { !$0.isHeard }.map(\.device)
    let relays = view.relays.filter { $0.isOn == nil }.map(\.device)
    let chargers = view.chargers.filter { !$0.isHeard }.map(\.device)
    let heatPumps = view.heatPumps.filter { $0.state == nil }.map(\.device)
    let names =
      (isMeterSilent ? ["the grid meter"] : []) + hybrids.map { "the \($0)" } + relays.map { "the \($0)'s relay" }
      + chargers.map { "the \($0)" } + heatPumps.map { "the \($0)'s contacts" }
    var clauses: [String] = []
    if !names.isEmpty {
      let several = names.count > 1
      let verb =
        isStarting
        ? (several ? "have not answered yet" : "has not answered yet") : several ? "do not answer" : "does not answer"
      clauses.append("\(Words.list(names)) \(verb)")
    }
    return clauses + partial + hybrids.map(left) + (relays + heatPumps).map { "the \($0) stays as it is" }
      + chargers.map(failsafe)
  }

  private var isMeterSilent: Bool {
    guard let grid = view.grid else { return false }
    return grid.power == nil && grid.currents.allSatisfy { $0 == nil }
  }

  /// A meter that tells only a part of what is needed.
  private var partial: [String] {
    guard let grid = view.grid, !isMeterSilent else { return [] }
    var clauses = grid.power == nil ? ["the power at the grid connection is unknown"] : []
    if site.fuse != nil, grid.currents.contains(nil) { clauses.append("the currents at the fuse are unknown") }
    return clauses
  }

  private func failsafe(_ device: DeviceID) -> String {
    guard let charger = site.chargers.first(where: { $0.device == device }), charger.reversion != nil else {
      return "the \(device) goes on with what it was told last"
    }
    let current = charger.failsafeCurrent
    return current >= charger.current.lowerBound
      ? "the \(device) goes on with \(Words.amperes(current)) by itself" : "the \(device) pauses by itself"
  }

  private func left(_ hybrid: DeviceID) -> String {
    let text = "nothing is written to the \(hybrid) and it is left to its own control"
    guard let cap = site.feedIn, cap.storedIn == nil || cap.storedIn == hybrid else { return text }
    let limit = "the feed-in cap of \(Words.power(cap.limit.value))"
    return cap.storedIn == hybrid ? "\(text), which keeps \(limit)" : "\(text), with nothing to keep \(limit)"
  }
}
