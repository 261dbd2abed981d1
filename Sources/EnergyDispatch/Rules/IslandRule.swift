import EnergyModel

/// Keeps an island alive: the site without the grid, as an inverter's own signal says, never as a power of zero would suggest.
/// Class: island.
///
/// - Batteries are handed back to their inverters, and limits that these still hold are opened at once: whoever carries the
///   island must not be bound, least of all to 0 W. The frequency is the inverter's own affair; no rule reads it.
/// - Chargers are paused and heat pumps not boosted.
/// - Overload: what is above 95 % of the ratings is shed at once, by priority:
///   `Σ max(0, ac − 0.95 · AC rating, battery − what the BMS lets it give)`. Where an inverter does not tell its power for 10 s, the
///   base load and everything that is on counts, against `Σ AC rating`.
/// - Remaining energy: below its state of charge each priority is shed, once minimum on times are over. Where none is
///   configured, the lower half of the window is divided: priority `k` of `n` (from 0) goes below
///   `low + (high − low) / 2 · (n − k) / n`. It may return 5 % above. An unknown state of charge counts as empty after a minute.
/// - Back at the grid loads return one by one, after a stable minute each, by twice the power they may pick up.
///
/// Limits at the grid connection and the backup reserve do not apply meanwhile; their rules see to that. An unknown signal
/// leaves things as they are: on an island that goes on until whoever told of it tells that it is over, elsewhere with all limits
/// in force.
struct IslandRule: Rule {
  private static let bindAbove = 0.95
  private static let restoreBelow = 0.8
  private static let hysteresis = 5.0
  private static let blindness: Duration = .seconds(10)
  private static let patience: Duration = .seconds(60)
  /// At the grid connection, of the fuse.
  private static let fuseShare = 0.9

  let site: SiteParameters
  let name = "island"
  let subject = ""
  var precedence: RuleClass { .island }
  private let engine: ShedEngine
  /// The state of charge below which a priority is shed.
  private let thresholds: [(priority: Int, soc: Double)]

  init(site: SiteParameters) {
    self.site = site
    engine = ShedEngine(site: site)
    let named = site.loads.filter { !$0.isCritical }.map(\.priority) + site.heatPumps.map(\.priority)
    let priorities = Set(named).sorted()
    let low = site.hybrids.compactMap { $0.battery?.socWindow.lowerBound }.max() ?? 0
    let high = site.hybrids.compactMap { $0.battery?.socWindow.upperBound }.min() ?? 100
    thresholds = priorities.enumerated().map { index, priority in
      let share = Double(priorities.count - index) / Double(priorities.count)
      return (priority, site.island.shedBelow[priority] ?? low + max(0, high - low) / 2 * share)
    }
  }

  func evaluate(_ input: RuleInput, _ memory: inout IslandMemory) -> Contribution {
    switch input.view.island {
    case .known:
      memory.isIslanded = input.view.isIslanded
      memory.tellers = input.view.hybrids.filter(\.isIslanded).map(\.device)
    case .unknown: if saysOver(memory.tellers, input.view) { memory.isIslanded = false }
    case .absent:
      memory = IslandMemory()
      return Contribution()
    }
    engine.prepare(input, &memory.shed)
    return memory.isIslanded ? island(input, &memory) : connected(input, &memory)
  }

  /// Whether all who told of the island now tell that they are at the grid.
  private func saysOver(_ tellers: [DeviceID], _ view: SiteView) -> Bool {
    !tellers.isEmpty && tellers.allSatisfy { view.hybrid($0)?.islanded.value.map { $0 < 0.5 } ?? false }
  }

  // MARK: at the grid

  private func connected(_ input: RuleInput, _ memory: inout IslandMemory) -> Contribution {
    memory.blindSince = nil
    memory.emptySince = nil
    guard !memory.shed.shed.isEmpty else { return Contribution() }
    engine.restore(input, &memory.shed) { unit, pickUp in fits(unit, pickUp, input.view) }
    var contribution = Contribution()
    contribution.limits = engine.limits(memory.shed, "the grid is back and loads return one by one")
    return contribution
  }

  private func fits(_ unit: Sheddable, _ pickUp: Double, _ view: SiteView) -> Bool {
    guard let fuse = site.fuse else { return true }
    guard let currents = view.grid?.currents, currents.count >= fuse.phases else { return false }
    return (0..<fuse.phases).allSatisfy { index in
      guard let current = currents[index] else { return false }
      return current + unit.current(pickUp, on: index, of: fuse.phases) <= Self.fuseShare * fuse.rating.value
    }
  }

  // MARK: on the island

  private func island(_ input: RuleInput, _ memory: inout IslandMemory) -> Contribution {
    let soc = charge(input.view, &memory)
    let excess = excess(input.view, &memory)
    engine.shed(.init(excess: [excess]), input, &memory.shed)
    shedEmpty(soc, input, &memory)
    let spare = spare(input.view)
    if excess <= 0, let spare { restore(soc, spare, input, &memory) }
    let cause: Reason = "the site runs as an island"
    var contribution = Contribution()
    contribution.handsOff = site.hybrids.filter { $0.battery != nil }.map {
      HandsOff(quantity: .battery($0.device), reason: cause, isUrgent: true)
    }
    contribution.limits = site.chargers.map {
      Limit(quantity: .charging($0.device), interval: .atMost(0), cause: "island", reason: cause)
    }
    contribution.limits += site.heatPumps.map {
      Limit(quantity: .heatPump($0.device), interval: .atMost(2), cause: "island", reason: cause, mention: .never)
    }
    let left: Reason =
      if let soc { "\(cause) with \(percent: soc) of charge left" } else { "\(cause) and its charge is unknown" }
    contribution.limits += engine.limits(memory.shed, memory.isOverloaded ? "\(cause) and it was overloaded" : left)
    let text: Reason = "the grid is lost: the site runs as an island"
    contribution.alarms = [.init(name: "island", severity: .warning, device: nil, text: text)]
    contribution.isBlind = memory.blindSince != nil || soc == nil
    contribution.room = PickUpRoom(room: [spare ?? 0])
    return contribution
  }

  /// Of all batteries together, %; nil while it is not known, and zero when that has lasted.
  private func charge(_ view: SiteView, _ memory: inout IslandMemory) -> Double? {
    var energy = 0.0
    var whole = 0.0
    for hybrid in site.hybrids {
      guard let battery = hybrid.battery else { continue }
      guard let soc = view.hybrid(hybrid.device)?.soc.value else {
        memory.emptySince = memory.emptySince ?? view.now.monotonic
        return nil
      }
      energy += soc * battery.usable.value
      whole += battery.usable.value
    }
    memory.emptySince = nil
    return whole > 0 ? energy / whole : nil
  }

  /// What the inverters give beyond what they bear for long, W; negative where there is room.
  private func excess(_ view: SiteView, _ memory: inout IslandMemory) -> Double {
    let now = view.now.monotonic
    var sum = 0.0
    var room = 0.0
    for hybrid in site.hybrids {
      guard let seen = view.hybrid(hybrid.device), let ac = seen.acPower else { return unseen(view, now, &memory) }
      var over = ac - Self.bindAbove * hybrid.acLimit.value
      if let battery = hybrid.battery, let power = seen.batteryPower {
        let most = min(battery.maximumDischarge.value, seen.dischargeMax.value ?? .infinity)
        over = max(over, power - most)
      }
      if over > 0 { sum += over } else { room += over }
    }
    memory.blindSince = nil
    memory.isOverloaded = sum > 0 || (memory.isOverloaded && !memory.shed.shed.isEmpty)
    return sum > 0 ? sum : room
  }

  private func unseen(_ view: SiteView, _ now: MonotonicInstant, _ memory: inout IslandMemory) -> Double {
    let since = memory.blindSince ?? now
    memory.blindSince = since
    guard now - since >= Self.blindness else { return 0 }
    let drawing = site.sheddables(view).filter { $0.isOn != false && !memory.shed.contains($0.device) }
    let assumed = site.baseLoad.value + drawing.reduce(0) { $0 + $1.rated }
    return assumed - site.hybrids.reduce(0) { $0 + $1.acLimit.value }
  }

  private func shedEmpty(_ soc: Double?, _ input: RuleInput, _ memory: inout IslandMemory) {
    let now = input.now.monotonic
    if soc == nil {
      guard let since = memory.emptySince, now - since >= Self.patience else { return }
    }
    let level = soc ?? 0
    guard thresholds.contains(where: { level < $0.soc }) else { return }
    for unit in engine.order(input, reaction: Self.patience) {
      guard unit.isOn == true, !memory.shed.contains(unit.device), level < threshold(unit.priority),
        input.switches.remaining(of: unit.minimumOn, unit.device, at: now) == .zero
      else { continue }
      memory.shed.shed.append(unit.device)
      memory.shed.lastShed = now
    }
  }

  private func threshold(_ priority: Int) -> Double {
    thresholds.first { $0.priority == priority }?.soc ?? 0
  }

  /// What may come back on the island, W; nil while an inverter does not tell its power.
  private func spare(_ view: SiteView) -> Double? {
    var capacity = 0.0
    var taken = 0.0
    for hybrid in site.hybrids {
      guard let seen = view.hybrid(hybrid.device), let ac = seen.acPower else { return nil }
      let most = min(hybrid.battery?.maximumDischarge.value ?? 0, seen.dischargeMax.value ?? .infinity)
      capacity += min(hybrid.acLimit.value, max(0, seen.pvPower ?? 0) + most)
      taken += ac
    }
    return Self.restoreBelow * capacity - taken
  }

  private func restore(_ soc: Double?, _ spare: Double, _ input: RuleInput, _ memory: inout IslandMemory) {
    engine.restore(input, &memory.shed) { unit, pickUp in
      guard let soc, soc >= threshold(unit.priority) + Self.hysteresis else { return false }
      return pickUp <= spare
    }
  }
}
