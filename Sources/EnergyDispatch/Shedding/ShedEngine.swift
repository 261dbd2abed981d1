import EnergyModel

/// Which load goes next and which may come back, for every cause alike.
///
/// The order: first those whose time (`within`, minimum on) fits into the permitted reaction time, then by priority; among equals
/// who was switched off longest ago. Critical loads never. They go as late as the reaction time allows, and at once
/// where it allows nothing; what was switched off gets `effect` to show at the meter before the next goes.
///
/// They come back one at a time, the last first, after a stable minute in which the power that the next may pick up had room; the
/// more often that was too early, the longer (see ``ShedMemory/patience(_:)``).
struct ShedEngine: Sendable {
  /// What is left of the reaction time when loads go: two stages and a late meter.
  static let margin: Duration = .seconds(15)
  private static let stable: Duration = .seconds(60)

  let site: SiteParameters

  /// What a cause asks for.
  struct Demand {
    /// What has to go: W of the whole site as its only element, or A of each phase.
    var excess: [Double]
    /// Whether ``excess`` is amperes of each phase.
    var isPerPhase = false
    var reaction: Duration = .zero
    /// How long cheaper steps get before anything is shed.
    var patience: Duration = .zero
    /// A switched-off load shows at the meter within this time.
    var effect: Duration = .seconds(3)

    /// After the excess began.
    var wait: Duration { max(patience, reaction - ShedEngine.margin) }
  }

  /// The first to be shed first; with what is shed already and what does not answer.
  func order(_ input: RuleInput, reaction: Duration) -> [Sheddable] {
    let now = input.now.monotonic
    let ranked = site.sheddables(input.view).map { unit in
      let wait = max(unit.within, input.switches.remaining(of: unit.minimumOn, unit.device, at: now))
      let isLate = reaction == .zero ? unit.within > .zero : wait > reaction
      return (unit: unit, isLate: isLate, turn: input.switches.turn(unit.device))
    }
    return ranked.sorted { a, b in
      if a.isLate != b.isLate { return b.isLate }
      if a.unit.priority != b.unit.priority { return a.unit.priority < b.unit.priority }
      return a.turn != b.turn ? a.turn < b.turn : a.unit.device < b.unit.device
    }.map(\.unit)
  }

  /// The configuration may have changed since the memory was saved; with a lost memory what is found off counts as shed. Where
  /// all is found on, nothing waits since an outage.
  func prepare(_ input: RuleInput, _ memory: inout ShedMemory) {
    memory.shed.removeAll { !site.isSheddable($0) }
    lookAtSuspects(input, &memory)
    memory.pickUp.look(
      isIslanded: input.view.isIslanded, isAnythingOff: !memory.shed.isEmpty || memory.areSuspectsUnknown,
      at: input.now.monotonic)
  }

  private func lookAtSuspects(_ input: RuleInput, _ memory: inout ShedMemory) {
    guard memory.areSuspectsUnknown else { return }
    let open = order(input, reaction: .zero)
    for unit in open where !memory.cleared.contains(unit.device) {
      guard let isOn = unit.isOn else { continue }
      memory.cleared.insert(unit.device)
      if !isOn { memory.shed.append(unit.device) }
    }
    memory.areSuspectsUnknown = memory.cleared.count < open.count
  }

  func shed(_ demand: Demand, _ input: RuleInput, _ memory: inout ShedMemory) {
    guard demand.excess.contains(where: { $0 > 0 }) else {
      memory.excessSince = nil
      return
    }
    let now = input.now.monotonic
    memory.roomSince = nil
    let since = memory.excessSince ?? now
    memory.excessSince = since
    guard now - since >= demand.wait else { return }
    if let last = memory.lastShed, now - last < demand.effect { return }
    for device in Self.chosen(order(input, reaction: demand.reaction), demand, besides: memory.shed) {
      memory.shed(device, at: now)
    }
  }

  /// Those that cover the excess, in the order of shedding. A relay that does not answer is not written, so it relieves
  /// nothing.
  static func chosen(_ order: [Sheddable], _ demand: Demand, besides shed: [DeviceID]) -> [DeviceID] {
    var left = demand.excess
    var chosen: [DeviceID] = []
    for unit in order where left.contains(where: { $0 > 0 }) {
      guard unit.isOn == true, !shed.contains(unit.device), relief(unit, demand, left) else { continue }
      chosen.append(unit.device)
      for index in left.indices { left[index] -= amount(unit, demand, index) }
    }
    return chosen
  }

  private static func relief(_ unit: Sheddable, _ demand: Demand, _ left: [Double]) -> Bool {
    left.indices.contains { left[$0] > 0 && amount(unit, demand, $0) > 0 }
  }

  private static func amount(_ unit: Sheddable, _ demand: Demand, _ index: Int) -> Double {
    demand.isPerPhase ? unit.current(unit.relief, on: index, of: demand.excess.count) : unit.relief
  }

  /// Gives back what was shed last, once it had room for a minute.
  ///
  /// - Parameters:
  ///   - delay: further time to wait before the first, so that many sites do not come back together.
  ///   - fits: whether the site bears what it may pick up, W.
  /// - Returns: what is given back now.
  @discardableResult
  func restore(
    delay: Duration = .zero, _ input: RuleInput, _ memory: inout ShedMemory,
    fits: (_ unit: Sheddable, _ pickUp: Double) -> Bool
  ) -> Sheddable? {
    let now = input.now.monotonic
    guard let next = next(input, memory, fits), fits(next.unit, pickUp(next.unit, memory)) else {
      memory.roomSince = nil
      return nil
    }
    let since = memory.roomSince ?? now
    memory.roomSince = since
    guard now - since >= memory.patience(Self.stable) + delay, next.wait == .zero else { return nil }
    memory.restore(next.unit.device, at: now)
    return next.unit
  }

  func pickUp(_ unit: Sheddable, _ memory: ShedMemory) -> Double { memory.pickUp.factor * unit.pickUp }

  /// A minimum off time that still runs keeps its load in its place in the queue, so that several do not come back
  /// together; one that has used up its starts lets others pass, and so does one without room that runs all the same, as a heat
  /// pump has to after its longest block.
  private func next(
    _ input: RuleInput, _ memory: ShedMemory, _ fits: (_ unit: Sheddable, _ pickUp: Double) -> Bool
  ) -> (unit: Sheddable, wait: Duration)? {
    guard !memory.shed.isEmpty else { return nil }
    let now = input.now.monotonic
    let units = site.sheddables(input.view)
    for device in memory.shed.reversed() {
      guard let unit = units.first(where: { $0.device == device }) else { continue }
      let starts = unit.startsAnHour.map { input.switches.wait(forStartsAnHour: $0, device, at: now) } ?? .zero
      if starts > .zero || (unit.isOn == true && !fits(unit, pickUp(unit, memory))) { continue }
      // Heat pumps keep their times by a rule of their own.
      guard case .supply = unit.quantity else { return (unit, .zero) }
      return (unit, input.switches.remaining(of: unit.minimumOff, device, at: now))
    }
    return nil
  }

  /// The limits that keep everything shed off.
  func limits(_ memory: ShedMemory, _ reason: Reason) -> [Limit] {
    memory.shed.map { device in
      let isPump = site.heatPumps.contains { $0.device == device }
      return Limit(
        quantity: isPump ? .heatPump(device) : .supply(device), interval: .atMost(isPump ? 1 : 0), cause: "shed",
        reason: reason)
    }
  }
}
