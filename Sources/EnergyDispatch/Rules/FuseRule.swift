import EnergyModel

/// Keeps the import of each phase below the fuse at the connection.
///
/// `excess = max over phases of import current − rating`. Above 95 % of the rating the batteries are bound:
/// `battery ≥ battery now + (worst − 0.95 · rating) · 230 V · phases`, which ends charging from the grid and
/// then asks for discharging. What the batteries cannot take over is shed at once, by priority; what
/// they should take over and did not within three seconds is shed as well. Loads come back one at a
/// time, after a minute in which the rated power of the next had room below 90 % of the rating.
///
/// Where the currents are unknown the import is taken to be the base load and everything that may be
/// switched on: batteries charge from their own strings only, and loads are shed when that sum
/// would not fit and the meter has been silent for ten seconds.
struct FuseRule: Rule {
  private static let bindAbove = 0.95
  private static let releaseBelow = 0.85
  private static let calm: Duration = .seconds(60)
  static let nominalVoltage = 230.0

  let site: SiteParameters
  let fuse: SiteParameters.Fuse
  let name = "fuse"
  let subject = ""
  var precedence: RuleClass { .siteProtection }

  func evaluate(_ input: RuleInput, _ memory: inout FuseMemory) -> Contribution {
    keepSheddable(&memory)
    findSuspects(input.view, &memory)
    guard let worst = worstPhase(input.view) else { return blind(input, &memory) }
    memory.blindSince = nil
    let rating = fuse.rating.value
    memory.isOverloaded = worst.current > rating || (memory.isOverloaded && worst.current > Self.bindAbove * rating)
    let relation = worst.current > rating ? "above" : "near"
    let state: Reason =
      "the import of \(amperes: worst.current) on L\(worst.phase) is \(relation) the fuse of \(amperes: rating)"
    let shedding = LoadShedding(loads: site.loads, fuse: fuse)
    shedding.shed(excess: worst.current - rating, relief: batteryRelief(input.view), input, &memory)
    shedding.restore(worst: worst.current, input, &memory)
    var contribution = Contribution(limits: batteryLimits(input.view, worst.current, state, &memory))
    contribution.limits += memory.shed.map { shedLimit($0, state, memory) }
    if memory.isOverloaded {
      let text: Reason = "L\(worst.phase) imports \(amperes: worst.current), the fuse is rated \(amperes: rating)"
      contribution.alarms = [Contribution.Alarm(name: "fuse-overload", severity: .alarm, device: nil, text: text)]
    }
    return contribution
  }

  private func worstPhase(_ view: SiteView) -> (current: Double, phase: Int)? {
    guard let currents = view.grid?.currents, !currents.isEmpty else { return nil }
    var worst: (current: Double, phase: Int)?
    for (index, current) in currents.enumerated() {
      guard let current else { return nil }
      if current > worst?.current ?? -.infinity { worst = (current, index + 1) }
    }
    return worst
  }

  /// The configuration may have changed since the memory was saved.
  private func keepSheddable(_ memory: inout FuseMemory) {
    memory.shed.removeAll { device in !site.loads.contains { $0.device == device && !$0.isCritical } }
  }

  private func findSuspects(_ view: SiteView, _ memory: inout FuseMemory) {
    guard memory.areSuspectsUnknown else { return }
    let open = LoadShedding.order(site.loads).filter { !memory.cleared.contains($0.device) }
    for load in open {
      guard let isOn = view.relay(load.device)?.isOn else { continue }
      memory.cleared.insert(load.device)
      if !isOn { memory.shed.append(load.device) }
    }
    memory.areSuspectsUnknown = memory.cleared.count < LoadShedding.order(site.loads).count
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

  private func batteryLimits(
    _ view: SiteView, _ worst: Double, _ state: Reason, _ memory: inout FuseMemory
  ) -> [Limit] {
    let now = view.now.monotonic
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
    let whole = site.hybrids.reduce(0) { $0 + ($1.battery == nil ? 0 : $1.acLimit.value) }
    return site.hybrids.compactMap { hybrid in
      guard let battery = hybrid.battery, whole > 0 else { return nil }
      let share = more * hybrid.acLimit.value / whole
      let power = view.hybrid(hybrid.device)?.batteryPower ?? max(0, -share)
      guard power + share > -battery.maximumCharge.value else { return nil }
      return Limit(
        quantity: .battery(hybrid.device), interval: .atLeast(power + share), cause: "import near the fuse",
        reason: state, mention: .always)
    }
  }

  // MARK: loads

  private func shedLimit(_ load: DeviceID, _ state: Reason, _ memory: FuseMemory) -> Limit {
    let reason: Reason = memory.isOverloaded ? state : "the fuse has not had room for it for a minute"
    return Limit(quantity: .supply(load), interval: .atMost(0), cause: "shed", reason: reason)
  }

  // MARK: unknown currents

  private func blind(_ input: RuleInput, _ memory: inout FuseMemory) -> Contribution {
    let now = input.now.monotonic
    let since = memory.blindSince ?? now
    memory.blindSince = since
    memory.calmSince = nil
    memory.roomSince = nil
    memory.overloadedSince = nil
    let reason: Reason = "the currents at the fuse are unknown"
    if now - since >= .seconds(10) {
      LoadShedding(loads: site.loads, fuse: fuse).shedUnseen(base: site.baseLoad, input.view, now, &memory)
    }
    var limits = site.hybrids.filter { $0.battery != nil }.map { hybrid in
      let strings = max(0, input.view.hybrid(hybrid.device)?.pvPower ?? 0)
      return Limit(
        quantity: .battery(hybrid.device), interval: .atLeast(-strings), cause: "fuse unknown", reason: reason,
        mention: .always)
    }
    limits += memory.shed.map {
      Limit(quantity: .supply($0), interval: .atMost(0), cause: "shed", reason: reason)
    }
    return Contribution(limits: limits, isBlind: true)
  }
}
