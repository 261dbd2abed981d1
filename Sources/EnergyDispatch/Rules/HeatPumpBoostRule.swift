import EnergyModel

/// Lets a heat pump store heat from what would otherwise be exported: SG-Ready state 3, "may take more". Class: economics.
///
///     left = −grid − Σ batteries (discharge +) − what the batteries can take
///
/// is what nobody else takes, the pump's own consumption already subtracted. It begins once `left` has covered what the pump may
/// take in addition (its rating, less what it is measured to take) for five minutes: by then batteries and cars, which come
/// before it, have taken what they want. It ends first when import grows: once `left < −150 W` has lasted for a minute; a boost
/// and the time between two of them last at least the pump's minimum times. Unknown readings count as no surplus.
struct HeatPumpBoostRule: Rule {
  /// A boost comes back by itself while there is a surplus.
  struct Memory: FleetingMemory {
    var isOn = false
    /// Since when the opposite of ``isOn`` is wanted.
    var otherSince: MonotonicInstant?
  }

  static let name = "heat-pump-boost"
  private static let lasting: Duration = .seconds(300)
  private static let missing: Duration = .seconds(60)
  private static let imported = 150.0

  let pump: SiteParameters.HeatPump
  var name: String { Self.name }
  var subject: String { pump.device.name }
  var precedence: RuleClass { .economics }

  func evaluate(_ input: RuleInput, _ memory: inout Memory) -> Contribution {
    guard let history = input.consumers.heatPump(pump.device), history.state != nil else {
      memory = Memory()
      return Contribution()
    }
    let now = input.now.monotonic
    follow(input.view.surplus?.left, input, history, now, &memory)
    guard memory.isOn else { return Contribution() }
    let purpose: Reason = "there is more than batteries and cars take"
    return Contribution(wish: Wish(quantity: .heatPump(pump.device), target: .value(3), purpose: purpose))
  }

  private func follow(
    _ left: Double?, _ input: RuleInput, _ history: HeatPumpHistory, _ now: MonotonicInstant, _ memory: inout Memory
  ) {
    let more = max(0, pump.rated.value - (input.view.heatPump(pump.device)?.power ?? 0))
    let isOther = memory.isOn ? (left ?? -.infinity) < -Self.imported : (left ?? 0) >= max(more, Self.imported)
    guard isOther else {
      memory.otherSince = nil
      return
    }
    let since = memory.otherSince ?? now
    memory.otherSince = since
    let held = now - history.boostSince
    let isHeld = history.isBoosted == memory.isOn && held < (memory.isOn ? pump.minimumOn : pump.minimumOff)
    guard now - since >= (memory.isOn ? Self.missing : Self.lasting), !isHeld else { return }
    memory.isOn.toggle()
    memory.otherSince = nil
  }
}
