import EnergyDispatch
import EnergyModel
import SiteSimulator

/// How long something has been above its limit, and whether that is longer than it may last.
struct Overrun: Hashable, Sendable {
  /// s.
  let permitted: Double
  private(set) var since: Double?

  init(permitted: Double) { self.permitted = permitted }

  /// True while `isOver` lasts longer than permitted. An excuse lets the time begin anew.
  mutating func follow(_ isOver: Bool, isExcused: Bool = false, at second: Double) -> Bool {
    guard isOver, !isExcused else {
      since = nil
      return false
    }
    let begin = since ?? second
    since = begin
    return second - begin > permitted
  }
}

extension Plant {
  /// What the controllable devices draw from the grid, W: what they take, own production and battery counted to them
  /// first, and never more than what is imported at all.
  var controllableDraw: Double { controllableDraw(without: []) }

  /// - Parameter free: heat pumps that nobody may block now; they take what is there before the others do.
  func controllableDraw(without free: Set<DeviceID>) -> Double {
    guard let devices = description.parameters.controllable?.devices else { return 0 }
    var taken = 0.0
    var own = 0.0
    for charger in chargers where devices.contains(charger.site.device) { taken += charger.power }
    for pump in heatPumps where devices.contains(pump.site.device) && !free.contains(pump.site.device) {
      taken += pump.power
    }
    for hybrid in hybrids {
      own += max(0, hybrid.inverter.ac)
      if devices.contains(hybrid.site.device) { taken += max(0, -hybrid.inverter.ac) }
    }
    return max(0, min(taken - own, state.grid.total))
  }

  /// The strictest legal limit on the controllable devices that is in force by a contact, W.
  func legalLimit(_ circumstances: Circumstances) -> Double? {
    description.parameters.channels.compactMap { channel -> Double? in
      guard channel.class == .legal, case .contact(let device, _) = channel.kind,
        circumstances.activeContacts.contains(device)
      else { return nil }
      return channel.failsafe[.controllablePower]
    }.min()
  }

  /// Of each phase of the connection, import +, A.
  var currents: [Double] {
    let grid = state.grid
    return (isSinglePhase ? [grid.l1] : [grid.l1, grid.l2, grid.l3]).map { $0 / 230 }
  }

  /// The largest of them, A.
  var worstCurrent: Double { (isSinglePhase ? state.grid.l1 : max(state.grid.l1, state.grid.l2, state.grid.l3)) / 230 }

  /// The largest that is fed in, A; negative where all phases take.
  var worstExport: Double {
    -(isSinglePhase ? state.grid.l1 : min(state.grid.l1, state.grid.l2, state.grid.l3)) / 230
  }

  private var isSinglePhase: Bool { description.parameters.fuse?.phases == 1 }
}
