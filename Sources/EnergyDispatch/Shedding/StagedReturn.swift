import EnergyModel

/// What a cause would bear in addition to what is on now.
struct PickUpRoom: Hashable, Sendable {
  /// W of the whole site as its only element, or A of each phase.
  var room: [Double]
  /// Whether ``room`` is amperes of each phase.
  var isPerPhase = false

  /// What `unit` would use up of it, as ``room``.
  func use(_ unit: Sheddable, _ pickUp: Double) -> [Double] {
    guard isPerPhase else { return [pickUp] }
    return room.indices.map { unit.current(pickUp, on: $0, of: room.count) }
  }
}

/// Chooses together what comes back, whoever held it off: fuse, limits of the import, peak shaving, an island or an order may let
/// different loads go in the same second, and each of them looked at its own alone.
///
///     Σ pick-up of what comes back within a minute ≤ room of each cause
///
/// What was given back within the last minute counts as if the meter did not show it yet; for an hour after an outage
/// everything picks up twice as much. Who has no room waits for the next stage. What only economizes never holds back a load alone. A heat pump that has to
/// run, as its own protection asks, is not held.
struct StagedReturn: Sendable {
  /// A stage: until then what came back shows at the meter.
  private static let stage: Duration = .seconds(60)
  private static let key = "returns"

  private struct Given: Sendable {
    var unit: Sheddable
    var pickUp: Double
    var at: MonotonicInstant
  }

  private let site: SiteParameters
  private var given: [Given] = []
  private var pickUp: ColdPickUp
  private var isOpen = true

  /// Lost memory is the worst case: nobody knows whether the restart was an outage.
  init(_ site: SiteParameters, saved: SavedMemory) {
    self.site = site
    pickUp = ColdPickUp(isCold: saved[Self.key] != "plain")
  }

  /// Holds what has to wait.
  mutating func step(
    _ resolutions: inout [Resolution], _ statements: [Statement], _ view: SiteView, _ switches: SwitchHistory
  ) {
    let now = view.now.monotonic
    if !given.isEmpty { given.removeAll { now - $0.at >= Self.stage } }
    let isAnyOff = view.relays.contains { $0.isOn == false } || view.heatPumps.contains { $0.state == 1 }
    let wasCold = pickUp.isCold
    pickUp.look(isIslanded: view.isIslanded, isAnythingOff: isAnyOff, at: now)
    if pickUp.isCold != wasCold { isOpen = true }
    guard isAnyOff else { return }
    let coming = coming(resolutions, view, switches)
    guard !coming.isEmpty else { return }
    let rooms = statements.compactMap { statement in
      statement.contribution.room.map { (room: $0, isHard: statement.precedence != .economics) }
    }
    for (unit, place) in coming where !given.contains(where: { $0.unit.device == unit.device }) {
      let pickUp = unit.pickUp * self.pickUp.factor
      let isForced = resolutions[place].allowed.lower >= unit.on
      let isAlone = given.isEmpty
      let fits = rooms.allSatisfy { ($0.isHard || !isAlone) ? self.fits(unit, pickUp, $0.room) : true }
      if isForced || fits {
        given.append(Given(unit: unit, pickUp: pickUp, at: now))
      } else {
        let limit = Limit(
          quantity: unit.quantity, interval: .atMost(unit.on - 1), cause: "in turn",
          reason: "loads come back in stages and there is no room yet for what it may pick up")
        resolutions[place].hold(limit, by: "staged return", .siteProtection)
      }
    }
  }

  private func fits(_ unit: Sheddable, _ pickUp: Double, _ room: PickUpRoom) -> Bool {
    var sums = room.use(unit, pickUp)
    for one in given {
      for (index, use) in room.use(one.unit, one.pickUp).enumerated() { sums[index] += use }
    }
    let own = room.use(unit, pickUp)
    return sums.indices.allSatisfy { own[$0] <= 0 || sums[$0] <= room.room[$0] }
  }

  /// What is off and would be on after this cycle, what is shed last first.
  private func coming(
    _ resolutions: [Resolution], _ view: SiteView, _ switches: SwitchHistory
  ) -> [(unit: Sheddable, place: Int)] {
    let off = site.sheddables(view).filter { $0.isOn == false }
    let found = off.compactMap { unit -> (unit: Sheddable, place: Int)? in
      guard let place = resolutions.firstIndex(where: { $0.quantity == unit.quantity }),
        resolutions[place].handsOff == nil, let target = resolutions[place].target, target >= unit.on - 0.5
      else { return nil }
      return (unit, place)
    }
    guard found.count > 1 else { return found }
    return found.sorted { a, b in
      if a.unit.priority != b.unit.priority { return a.unit.priority > b.unit.priority }
      return switches.turn(a.unit.device) < switches.turn(b.unit.device)
    }
  }

  /// True when something in it is another than before.
  mutating func save(into memory: inout SavedMemory) -> Bool {
    guard isOpen else { return false }
    isOpen = false
    return memory.replace(Self.key, with: pickUp.isCold ? "outage" : "plain")
  }
}

extension Sheddable {
  /// Of its quantity, when it may draw.
  fileprivate var on: Double { if case .heatPump = quantity { 2 } else { 1 } }
}
