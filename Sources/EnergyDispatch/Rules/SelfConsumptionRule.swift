import EnergyModel

/// Lets the inverter cover the house from its strings and its battery by its own control loop, which is
/// faster than any of ours.
///
/// Where charging from the grid is never wanted, charging is bound by what would otherwise be exported:
/// `surplus = −(grid + battery)`, plus one step of a tenth of the battery's power so that the inverter's loop
/// can move. The bound rises at once and falls only after a minute, so that clouds and kettles do not
/// write registers. Below the window of the state of charge there is no bound: the BMS may ask for charge.
struct SelfConsumptionRule: Rule {
  struct Memory: RuleMemory {
    /// W ≥ 0; nil before the first evaluation.
    var allowed: Double?
    /// Since when less would do.
    var lowerSince: MonotonicInstant?
    /// Since when the surplus is unknown.
    var blindSince: MonotonicInstant?

    init() {}
    static var hasAges: Bool { false }
    static func lost(at now: MonotonicInstant) -> Memory { Memory() }
    /// A bound that follows the sun is not worth keeping.
    init?(saved: Substring, at now: MonotonicInstant) {}
    func saved(at now: MonotonicInstant) -> String { "" }
  }

  static let name = "self-consumption"
  private static let patience: Duration = .seconds(60)
  /// More than this is not the lag of the inverter's loop, W.
  private static let imported = 150.0

  let hybrid: DeviceID
  let battery: SiteParameters.Battery
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
    guard view.load != nil, let grid = view.grid?.power, let power = seen?.batteryPower else {
      return lastAllowed(now, &memory)
    }
    memory.blindSince = nil
    let most = battery.maximumCharge.value
    let needed = needed(surplus: -(grid + power), most)
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
