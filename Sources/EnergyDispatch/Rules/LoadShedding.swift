import EnergyModel

/// Which load goes next and which may come back, for the fuse.
struct LoadShedding {
  /// A switched-off load shows at the meter within this time.
  private static let effect: Duration = .seconds(3)
  private static let stable: Duration = .seconds(60)
  private static let restoreBelow = 0.9
  /// A single-phase load is not allowed to be larger (VDE-AR-N 4100, 4.6 kVA of unbalance).
  private static let largestOnOnePhase = 4600.0

  let loads: [SiteParameters.SheddableLoad]
  let fuse: SiteParameters.Fuse

  /// Without the critical ones, the first to be shed first.
  static func order(_ loads: [SiteParameters.SheddableLoad]) -> [SiteParameters.SheddableLoad] {
    loads.filter { !$0.isCritical }.sorted { ($0.priority, $0.device) < ($1.priority, $1.device) }
  }

  /// Sheds what covers `excess` (A) on one phase. While `relief` (W, of batteries, equal on all phases)
  /// should do, and while the last shedding may not have shown yet, it waits for three seconds.
  func shed(excess: Double, relief: Double, _ input: RuleInput, _ memory: inout FuseMemory) {
    let now = input.now.monotonic
    guard excess > 0 else {
      memory.overloadedSince = nil
      return
    }
    memory.roomSince = nil
    let since = memory.overloadedSince ?? now
    memory.overloadedSince = since
    let canRelieve = relief >= excess * FuseRule.nominalVoltage * Double(fuse.phases)
    if canRelieve && now - since < Self.effect { return }
    if let last = memory.lastShed, now - last < Self.effect { return }
    var left = excess
    for load in switchable(input.view, memory) where left > 0 {
      memory.shed.append(load.device)
      memory.lastShed = now
      left -= current(of: load)
    }
  }

  /// Sheds until the base load and everything that may be on fit below the fuse.
  func shedUnseen(base: Watts, _ view: SiteView, _ now: MonotonicInstant, _ memory: inout FuseMemory) {
    let capacity = fuse.rating.value * FuseRule.nominalVoltage * Double(fuse.phases)
    let drawing = loads.filter { load in
      view.relay(load.device)?.isOn != false && !memory.shed.contains(load.device)
    }
    var assumed = base.value + drawing.reduce(0) { $0 + $1.rated.value }
    for load in switchable(view, memory) where assumed > capacity {
      memory.shed.append(load.device)
      memory.lastShed = now
      assumed -= load.rated.value
    }
  }

  /// Gives back the load that was shed last, after its rated power has had room for a minute.
  func restore(worst: Double, _ input: RuleInput, _ memory: inout FuseMemory) {
    let now = input.now.monotonic
    guard let load = loads.first(where: { $0.device == memory.shed.last }) else {
      memory.roomSince = nil
      return
    }
    guard worst + current(of: load) <= Self.restoreBelow * fuse.rating.value else {
      memory.roomSince = nil
      return
    }
    let since = memory.roomSince ?? now
    memory.roomSince = since
    // A minimum off time that still runs keeps the load in its place in the queue, so that several do
    // not come back together.
    let wait = input.switches.remaining(of: load.minimumOff, load.device, at: now)
    guard now - since >= Self.stable, wait == .zero else { return }
    memory.shed.removeLast()
    memory.roomSince = nil
  }

  /// What could be shed, in order: on, and not shed already. A relay that does not answer is not written,
  /// so it relieves nothing.
  private func switchable(_ view: SiteView, _ memory: FuseMemory) -> [SiteParameters.SheddableLoad] {
    Self.order(loads).filter { !memory.shed.contains($0.device) && view.relay($0.device)?.isOn == true }
  }

  /// The current that a load may add to one phase, A.
  private func current(of load: SiteParameters.SheddableLoad) -> Double {
    let phases = fuse.phases > 1 && load.rated.value > Self.largestOnOnePhase ? Double(fuse.phases) : 1
    return load.rated.value / (FuseRule.nominalVoltage * phases)
  }
}
