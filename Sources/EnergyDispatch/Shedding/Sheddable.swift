import EnergyModel

/// Something that can be taken off the grid for a while: a load by its relay, a heat pump by a block.
struct Sheddable: Sendable {
  /// A single-phase load is not allowed to be larger (VDE-AR-N 4100, 4.6 kVA of unbalance).
  private static let largestOnOnePhase = 4600.0

  var device: DeviceID
  var quantity: ControlledQuantity
  var priority: Int
  /// What is won by switching it off, W: what it takes, where that is measured, or its rating.
  var relief: Double
  /// What it may draw when it comes back, W.
  var pickUp: Double
  /// Of the grid; nil where it is not known.
  var phase: Int?
  var rated: Double
  var within: Duration
  var minimumOn: Duration
  var minimumOff: Duration
  var startsAnHour: Int?
  /// Nil while nobody says; then it is not switched either.
  var isOn: Bool?

  /// The phases among which its power is divided.
  func phases(of count: Int) -> Int { phase == nil && count > 1 && rated > Self.largestOnOnePhase ? count : 1 }

  /// What `power` of it (W) means on phase `index` (from 0), A. Where its phase is not known, it counts on each.
  func current(_ power: Double, on index: Int, of count: Int) -> Double {
    if let phase, count > 1, phase != index + 1 { return 0 }
    return power / (SiteParameters.Charger.nominalVoltage * Double(phases(of: count)))
  }
}

extension SiteParameters {
  /// All that may ever be shed: no critical load, no heat pump without a contact.
  func sheddables(_ view: SiteView) -> [Sheddable] {
    var all: [Sheddable] = []
    all.reserveCapacity(loads.count + heatPumps.count)
    for load in loads where !load.isCritical {
      all.append(
        Sheddable(
          device: load.device, quantity: .supply(load.device), priority: load.priority, relief: load.rated.value,
          pickUp: load.pickUp.value, phase: load.phase, rated: load.rated.value, within: load.within,
          minimumOn: load.minimumOn, minimumOff: load.minimumOff, startsAnHour: load.startsAnHour,
          isOn: view.relay(load.device)?.isOn))
    }
    for pump in heatPumps {
      let seen = view.heatPump(pump.device)
      all.append(
        Sheddable(
          device: pump.device, quantity: .heatPump(pump.device), priority: pump.priority,
          relief: seen?.power ?? pump.rated.value, pickUp: pump.rated.value, phase: nil, rated: pump.rated.value,
          within: .zero, minimumOn: pump.minimumOn, minimumOff: pump.minimumOff, startsAnHour: nil,
          isOn: seen?.state.map { $0 > 1 }))
    }
    return all
  }

  func isSheddable(_ device: DeviceID) -> Bool {
    loads.contains { $0.device == device && !$0.isCritical } || heatPumps.contains { $0.device == device }
  }
}
