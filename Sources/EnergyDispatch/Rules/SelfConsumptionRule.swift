import EnergyModel

/// Lets the inverter cover the house from its strings and its battery by its own control loop, which is
/// faster than any of ours.
///
/// Where charging from the grid is never wanted, charging is bound by what would otherwise be exported:
/// `surplus = −(grid + Σ batteries)`, of several batteries each its part by the room it has, plus one step of a tenth of the battery's power so that the inverter's loop
/// can move. The bound rises at once and falls only after a minute, so that clouds and kettles do not
/// write registers. Below the window of the state of charge there is no bound: the BMS may ask for charge.
struct SelfConsumptionRule: Rule {
  /// A bound that follows the sun is not worth keeping.
  struct Memory: FleetingMemory {
    /// W ≥ 0; nil before the first evaluation.
    var allowed: Double?
    /// Since when less would do.
    var lowerSince: MonotonicInstant?
    /// Since when the surplus is unknown.
    var blindSince: MonotonicInstant?
  }

  static let name = "self-consumption"
  private static let patience: Duration = .seconds(60)
  /// More than this is not the lag of the inverter's loop, W.
  private static let imported = 150.0

  let hybrid: DeviceID
  let battery: SiteParameters.Battery
  /// Where several batteries share the surplus.
  var sharing: SiteParameters?
  var name: String { Self.name }
  var subject: String { hybrid.name }
  var precedence: RuleClass { .economics }

  func evaluate(_ input: RuleInput, _ memory: inout Memory) -> Contribution {
    let wish = Wish(quantity: .battery(hybrid), target: .selfRegulated, purpose: purpose(input.view))
    guard battery.gridCharging == .never, let allowed = allowed(input.view, &memory) else {
      return Contribution(wish: wish)
    }
    let limit = Limit(
      quantity: .battery(hybrid), interval: .atLeast(-allowed), cause: "surplus only",
      reason: "it is charged from surplus only", mention: .never)
    return Contribution(limits: [limit], wish: wish)
  }

  /// What can be seen of it at this moment.
  private func purpose(_ view: SiteView) -> Reason {
    guard let grid = view.grid?.power else { return "the \(hybrid) regulates itself" }
    if grid > Self.imported { return "the \(hybrid) covers what it can of the house" }
    let covers: Reason = "the \(hybrid) covers the house itself"
    guard let power = view.hybrid(hybrid)?.batteryPower else { return covers }
    if power < -BatterySaying.little { return "\(covers) and charges the battery with what is left" }
    return power > BatterySaying.little ? "\(covers) with the help of the battery" : covers
  }

  private func allowed(_ view: SiteView, _ memory: inout Memory) -> Double? {
    let seen = view.hybrid(hybrid)
    if let soc = seen?.soc.value, soc <= battery.socWindow.lowerBound {
      memory = Memory()
      return nil
    }
    let now = view.now.monotonic
    guard view.load != nil, let grid = view.grid?.power, let power = seen?.batteryPower,
      let surplus = sharing.map({ share(of: $0, view, grid) }) ?? -(grid + power)
    else { return lastAllowed(now, &memory) }
    memory.blindSince = nil
    let most = battery.maximumCharge.value
    let needed = needed(surplus: surplus, most)
    guard let before = memory.allowed, needed < before else {
      memory.allowed = needed
      memory.lowerSince = nil
      return needed
    }
    if let since = memory.lowerSince, now - since >= Self.patience {
      memory.allowed = needed
      memory.lowerSince = nil
      return needed
    }
    if memory.lowerSince == nil { memory.lowerSince = now }
    return before
  }

  /// Nil while one of those that take their part does not tell its power.
  private func share(of site: SiteParameters, _ view: SiteView, _ grid: Double) -> Double? {
    let batteries = Headroom(site, view).batteries
    var surplus = -grid
    for battery in batteries where battery.take > 0 || battery.power != nil {
      guard let power = battery.power else { return nil }
      surplus -= power
    }
    let shares = Headroom.fill(max(0, surplus), most: batteries.map(\.take), by: batteries.map(\.room))
    return zip(batteries, shares).first { $0.0.device == hybrid }?.1
  }

  /// The last bound holds for a minute; after that the inverter knows more than we do.
  private func lastAllowed(_ now: MonotonicInstant, _ memory: inout Memory) -> Double? {
    let since = memory.blindSince ?? now
    memory.blindSince = since
    memory.lowerSince = nil
    if now - since >= Self.patience { memory.allowed = nil }
    return memory.allowed
  }

  private func needed(surplus: Double, _ most: Double) -> Double {
    let step = most / 10
    guard surplus > 0, step > 0 else { return 0 }
    return min(most, ((surplus / step).rounded(.up) + 1) * step)
  }
}
