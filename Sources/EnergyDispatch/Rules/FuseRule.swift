import EnergyModel

/// Keeps the import of each phase below the fuse at the connection.
///
/// `excess = import current − rating` of each phase. Above 95 % of the rating the batteries are bound:
/// `battery ≥ battery now + (worst − 0.95 · rating) · 230 V · phases`, which ends charging from the grid and
/// then asks for discharging. Chargers may take what is left of 95 % of the rating on their phases,
/// `rest = current − Σ chargers`; as long as that is enough, batteries need not discharge. What neither can take
/// over is shed at once, by priority and by the phase a load hangs on; what batteries should take over and did not within
/// three seconds is shed as well, what chargers should within eight (a car has five, IEC 61851-1). Loads come back one at
/// a time, after a minute in which what the next may pick up had room below 90 % of the rating.
///
/// Where the currents are unknown the import is taken to be the base load and everything that may be
/// switched on: batteries charge from their own strings only, chargers get what is left, and loads are shed when that sum
/// would not fit and the meter has been silent for ten seconds. A start reads first: until then, and unless the meter has been
/// heard before, a car goes on with what it takes.
///
/// Class: site protection.
struct FuseRule: Rule {
  private static let bindAbove = 0.95
  private static let releaseBelow = 0.85
  private static let restoreBelow = 0.9
  private static let calm: Duration = .seconds(60)
  private static let batteryEffect: Duration = .seconds(3)
  private static let chargerEffect: Duration = .seconds(8)
  /// Of one rise of what chargers may take, A.
  private static let step = 2.0
  static let nominalVoltage = 230.0

  let site: SiteParameters
  let fuse: SiteParameters.Fuse
  private let engine: ShedEngine
  let name = "fuse"
  let subject = ""
  var precedence: RuleClass { .siteProtection }

  init(site: SiteParameters, fuse: SiteParameters.Fuse) {
    self.site = site
    self.fuse = fuse
    engine = ShedEngine(site: site)
  }

  /// What is known of the phases.
  private struct Phases {
    var currents: [Double]
    /// Of chargers, A.
    var charging: [Double]
    var worst: Double
    var worstPhase: Int
  }

  func evaluate(_ input: RuleInput, _ memory: inout FuseMemory) -> Contribution {
    engine.prepare(input, &memory.shed)
    // Nothing comes through the fuse, and a meter on the grid's side may be dead.
    guard !input.view.isIslanded else {
      memory.isBatteryBound = false
      return Contribution(limits: engine.limits(memory.shed, "the fuse has not had room for it for a minute"))
    }
    let shares = PhaseShares(site, input.view, phases: fuse.phases)
    guard let phases = phases(input.view, shares) else { return blind(input, engine, &memory) }
    memory.blindSince = nil
    memory.hasSeen = true
    let rating = fuse.rating.value
    let worst = phases.worst
    memory.isOverloaded = worst > rating || (memory.isOverloaded && worst > Self.bindAbove * rating)
    shed(phases, input, engine, &memory)
    let charging = chargerLimits(phases, shares, input, &memory)
    restore(phases, input, engine, &memory)
    var contribution = Contribution(limits: batteryLimits(input.view, phases, &memory))
    contribution.limits.add(charging)
    contribution.room = PickUpRoom(
      room: zip(phases.currents, phases.charging).map { Self.restoreBelow * rating - ($0 - $1) }, isPerPhase: true)
    let reason = memory.isOverloaded ? state(phases) : "the fuse has not had room for it for a minute"
    contribution.limits.add(engine.limits(memory.shed, reason))
    if memory.isOverloaded {
      let text: Reason = "L\(phases.worstPhase) imports \(amperes: worst), the fuse is rated \(amperes: rating)"
      contribution.alarms = [Contribution.Alarm(name: "fuse-overload", severity: .alarm, device: nil, text: text)]
    }
    return contribution
  }

  /// Why it binds.
  private func state(_ phases: Phases) -> Reason {
    let (worst, rating) = (phases.worst, fuse.rating.value)
    let relation = worst > rating ? "above" : "near"
    return "the import of \(amperes: worst) on L\(phases.worstPhase) is \(relation) the fuse of \(amperes: rating)"
  }

  private func phases(_ view: SiteView, _ shares: PhaseShares) -> Phases? {
    guard let seen = view.grid?.currents, !seen.isEmpty else { return nil }
    let currents = seen.compactMap { $0 }
    guard currents.count == seen.count, let worst = currents.max(), let index = currents.firstIndex(of: worst)
    else { return nil }
    return Phases(currents: currents, charging: shares.taken(view), worst: worst, worstPhase: index + 1)
  }

  // MARK: loads

  /// What chargers and batteries may still take over is not shed before they had their time.
  private func shed(_ phases: Phases, _ input: RuleInput, _ engine: ShedEngine, _ memory: inout FuseMemory) {
    let now = input.now.monotonic
    var excess = phases.currents.map { $0 - fuse.rating.value }
    memory.overloadedSince = phases.worst > fuse.rating.value ? memory.overloadedSince ?? now : nil
    let elapsed = memory.overloadedSince.map { now - $0 } ?? .zero
    if elapsed < Self.chargerEffect {
      for index in excess.indices { excess[index] -= phases.charging[index] }
    }
    let left = max(0, excess.max() ?? 0) * Self.nominalVoltage * Double(fuse.phases)
    if elapsed < Self.batteryEffect, left > 0, batteryRelief(input.view) >= left {
      excess = excess.map { _ in 0 }
    }
    engine.shed(.init(excess: excess, isPerPhase: true), input, &memory.shed)
  }

  private func restore(_ phases: Phases, _ input: RuleInput, _ engine: ShedEngine, _ memory: inout FuseMemory) {
    let count = fuse.phases
    let restored = engine.restore(input, &memory.shed) { [fuse] unit, pickUp in
      (0..<count).allSatisfy { index in
        let more = unit.current(pickUp, on: index, of: count)
        let rest = phases.currents[index] - phases.charging[index]
        return more == 0 || rest + more <= Self.restoreBelow * fuse.rating.value
      }
    }
    guard let restored else { return }
    // Chargers make room before the load comes.
    let pickUp = engine.pickUp(restored, memory.shed)
    for index in memory.phases.indices {
      let rest = phases.currents[index] - phases.charging[index] + restored.current(pickUp, on: index, of: count)
      memory.phases[index].allowed?.lower(to: Self.bindAbove * fuse.rating.value - rest)
    }
  }

  // MARK: chargers

  private func chargerLimits(
    _ phases: Phases, _ shares: PhaseShares, _ input: RuleInput, _ memory: inout FuseMemory
  ) -> [Limit] {
    guard !shares.isEmpty else { return [] }
    let now = input.now.monotonic
    if memory.phases.count != fuse.phases { memory.phases = Array(repeating: .init(), count: fuse.phases) }
    let isPartial = shares.isPartial(input.view)
    let isNear = phases.worst >= Self.releaseBelow * fuse.rating.value
    let most = shares.most
    var allowed: [Double] = []
    allowed.reserveCapacity(fuse.phases)
    for index in memory.phases.indices {
      let target = Self.bindAbove * fuse.rating.value - phases.currents[index]
      let room = target + memory.phases[index].charging.follow(phases.charging[index], now)
      var held = memory.phases[index].allowed ?? Allowance(room)
      let mayRise = memory.shed.shed.isEmpty && !isPartial && held.value < most
      held.follow(room, relaxed: target + phases.charging[index], step: Self.step, mayRise: mayRise, now)
      memory.phases[index].allowed = held
      allowed.append(held.value)
    }
    let isLasting = memory.overloadedSince.map { now - $0 >= Self.chargerEffect } ?? false
    let stubborn = memory.stubborn.look(isLasting: isLasting, shares.divide(allowed), input.view)
    return shares.divide(allowed, besides: stubborn).compactMap { charger, power in
      guard power < charger.maximumPower else { return nil }
      let reason: Reason =
        isNear ? state(phases) : "what the fuse of \(amperes: fuse.rating.value) leaves it is given step by step"
      return Limit(
        quantity: .charging(charger.device), interval: .atMost(power), cause: "import near the fuse", reason: reason)
    }
  }

  // MARK: batteries

  /// What the batteries can still take over from the grid, W.
  private func batteryRelief(_ view: SiteView) -> Double {
    site.hybrids.reduce(0) { sum, hybrid in
      guard let battery = hybrid.battery, hybrid.batteryReversion != nil, let seen = view.hybrid(hybrid.device),
        let power = seen.batteryPower, let ac = seen.acPower, let soc = seen.soc.value,
        soc > battery.socWindow.lowerBound
      else { return sum }
      let most = min(battery.maximumDischarge.value, seen.dischargeMax.value ?? .infinity)
      return sum + max(0, min(most - power, hybrid.acLimit.value - ac))
    }
  }

  private func batteryLimits(_ view: SiteView, _ phases: Phases, _ memory: inout FuseMemory) -> [Limit] {
    let now = view.now.monotonic
    let worst = phases.worst
    let target = Self.bindAbove * fuse.rating.value
    if worst > target { memory.isBatteryBound = true }
    if worst < Self.releaseBelow * fuse.rating.value {
      let since = memory.calmSince ?? now
      memory.calmSince = since
      if now - since >= Self.calm { memory.isBatteryBound = false }
    } else {
      memory.calmSince = nil
    }
    guard memory.isBatteryBound else { return [] }
    let more = (worst - target) * Self.nominalVoltage * Double(fuse.phases)
    let mostWhenPaused = zip(phases.currents, phases.charging).map { $0 - $1 }.max() ?? worst
    let isLate = memory.overloadedSince.map { now - $0 >= Self.chargerEffect } ?? false
    // Chargers are throttled before batteries discharge.
    let most = mostWhenPaused <= target && worst > mostWhenPaused && !isLate ? 0 : Double.infinity
    let whole = site.hybrids.reduce(0) { $0 + ($1.battery == nil ? 0 : $1.acLimit.value) }
    let state = state(phases)
    return site.hybrids.compactMap { hybrid in
      guard let battery = hybrid.battery, whole > 0 else { return nil }
      let share = more * hybrid.acLimit.value / whole
      let power = view.hybrid(hybrid.device)?.batteryPower ?? max(0, -share)
      let least = min(power + share, max(most, power))
      guard least > -battery.maximumCharge.value else { return nil }
      return Limit(
        quantity: .battery(hybrid.device), interval: .atLeast(least), cause: "import near the fuse",
        reason: state, mention: .always)
    }
  }

  // MARK: unknown currents

  private func blind(_ input: RuleInput, _ engine: ShedEngine, _ memory: inout FuseMemory) -> Contribution {
    let now = input.now.monotonic
    let since = memory.blindSince ?? now
    memory.blindSince = since
    memory.calmSince = nil
    memory.shed.roomSince = nil
    memory.overloadedSince = nil
    memory.phases = []
    let reason: Reason = "the currents at the fuse are unknown"
    let capacity = fuse.rating.value * Self.nominalVoltage * Double(fuse.phases)
    let assumed = ImportReading.worst(site, input.view, producing: false)
    if now - since >= .seconds(10) { engine.shed(.init(excess: [assumed - capacity]), input, &memory.shed) }
    var limits = site.hybrids.filter { $0.battery != nil }.map { hybrid in
      let strings = max(0, input.view.hybrid(hybrid.device)?.pvPower ?? 0)
      return Limit(
        quantity: .battery(hybrid.device), interval: .atLeast(-strings), cause: "fuse unknown", reason: reason,
        mention: .always)
    }
    let left = mayFlow(input.view).map { Self.bindAbove * fuse.rating.value - $0 }
    let isReading = !memory.hasSeen && now - since < .seconds(10)
    for (charger, power) in PhaseShares(site, input.view, phases: fuse.phases).divide(left) {
      let most = isReading ? max(power, input.view.charger(charger.device)?.power ?? 0) : power
      guard most < charger.maximumPower else { continue }
      limits.append(
        Limit(quantity: .charging(charger.device), interval: .atMost(most), cause: "fuse unknown", reason: reason))
    }
    var contribution = Contribution(limits: limits + engine.limits(memory.shed, reason), isBlind: true)
    contribution.room = PickUpRoom(room: [Self.restoreBelow * capacity - assumed])
    return contribution
  }

  /// Of each phase, A: the base load on all of them alike, and everything that may be on where it hangs, or on each.
  private func mayFlow(_ view: SiteView) -> [Double] {
    let base = site.baseLoad.value / (Self.nominalVoltage * Double(fuse.phases))
    var sums = Array(repeating: base, count: fuse.phases)
    for load in site.loads where view.relay(load.device)?.isOn != false {
      for index in sums.indices {
        sums[index] += Sheddable.current(load.rated.value, phase: load.phase, on: index, of: fuse.phases)
      }
    }
    for pump in site.heatPumps where view.heatPump(pump.device)?.state != 1 {
      for index in sums.indices {
        sums[index] += Sheddable.current(pump.rated.value, phase: nil, on: index, of: fuse.phases)
      }
    }
    for charger in site.chargers where charger.reversion == nil || view.charger(charger.device)?.isHeard != true {
      for index in sums.indices where fuse.phases == 1 || charger.phases.contains(index + 1) {
        sums[index] += charger.current.upperBound
      }
    }
    return sums
  }
}
