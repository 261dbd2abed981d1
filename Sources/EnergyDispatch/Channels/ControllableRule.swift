import EnergyModel

/// Keeps what the controllable devices (chargers, heat pumps, batteries charged from the grid; §14a EnWG) draw from the
/// grid together below what a channel allows. Class legal limit or contract, by the channel. Of several channels the
/// strictest counts.
///
///     net draw = min(C, max(0, grid)) ≤ P   ⟺   C ≤ P + max(0, generation − uncontrolled load) = P + max(0, C − grid)
///
/// `C` is the sum of the controllable devices, W, and the right-hand side follows from
/// `grid + generation = uncontrolled load + C`. So own PV and batteries come on top, and household load is never
/// touched. Only what is measured counts for `C − grid`; where the grid's power is unknown nothing comes on top. Nor does
/// more than inverters and generator are known to give: a meter that tells too little, or with the wrong sign, would lift the
/// limit otherwise. An inverter that does not tell its power is known by its strings and its battery, or else gives nothing. A
/// restriction acts at once; what becomes free is given after a minute (see
/// ``SlowRise``).
///
/// - A heat pump keeps running where its rating fits, those of a higher number of priority first; others are blocked. It
///   counts with what it measures, or else its rating until it reads back as blocked.
/// - Chargers share what heat pumps leave (see ``ChargerAllocation``), after those that do not answer (see
///   ``ChargerTruth``).
/// - A battery is charged from its own strings, and from what neither heat pumps nor cars take of what comes on top.
struct ControllableRule: Rule {
  /// What is measured again within a step is not worth keeping.
  struct Memory: FleetingMemory {
    var forPumps = SlowRise()
    var forChargers = SlowRise()
    var forBatteries = SlowRise()
    var chargers = ChargerTruth()
  }

  /// Of DC to AC, on the safe side: inverters lose 3 to 8 %.
  private static let efficiency = 0.9

  let channels: SiteParameters.Channel.Class
  private let chargers: [SiteParameters.Charger]
  /// Those that keep running longest first.
  private let heatPumps: [SiteParameters.HeatPump]
  /// Batteries that can be told.
  private let hybrids: [SiteParameters.Hybrid]
  private let sources: [SiteParameters.Hybrid]
  private let generator: SiteParameters.Generator?
  let name: String
  let subject = ""
  var precedence: RuleClass { channels.precedence }

  init(site: SiteParameters, controllable: SiteParameters.Controllable, channels: SiteParameters.Channel.Class) {
    self.channels = channels
    name = "\(channels.name) limit"
    let isNamed = { (device: DeviceID) in controllable.devices.contains(device) }
    chargers = ChargerAllocation.order(site.chargers.filter { isNamed($0.device) })
    heatPumps = site.heatPumps.filter { isNamed($0.device) }
      .sorted { ($1.priority, $0.device) < ($0.priority, $1.device) }
    hybrids = site.hybrids.filter { isNamed($0.device) && $0.battery != nil }
    sources = site.hybrids
    generator = site.generator
  }

  func evaluate(_ input: RuleInput, _ memory: inout Memory) -> Contribution {
    guard let limit = input.channels.strictest(.controllablePower, channels) else {
      memory = Memory()
      return Contribution()
    }
    let now = input.now.monotonic
    var contribution = Contribution(isBlind: input.view.grid?.power == nil)
    let onTop = onTop(input.view)
    let reason = limit.reason(input)
    func add(_ quantity: ControlledQuantity, _ interval: Interval, _ mention: Limit.Mention = .whenItCuts) {
      contribution.limits.append(
        Limit(quantity: quantity, interval: interval, cause: limit.cause, reason: reason, mention: mention))
    }
    memory.chargers.observe(chargers, input.view)
    var taken = 0.0
    for (place, charger) in chargers.enumerated() {
      taken += memory.chargers.beyondControl(place, charger, input.view.charger(charger.device), at: now) ?? 0
    }
    var fits = memory.forPumps.follow(limit.value + onTop - taken, at: now)
    for pump in heatPumps {
      let draw = draw(of: pump, input.view)
      taken += draw
      if pump.rated.value <= fits {
        fits -= pump.rated.value
      } else {
        // What protects it may let it run all the same.
        fits -= draw
        add(.heatPump(pump.device), .atMost(1))
      }
    }
    let given = memory.forChargers.follow(max(0, limit.value + onTop - taken), at: now)
    let allocation = ChargerAllocation(chargers, input.view, given, memory.chargers)
    for (charger, share) in zip(chargers, allocation.shares) {
      guard let share else { continue }
      let isThere = input.view.charger(charger.device)?.isConnected != false
      add(.charging(charger.device), .atMost(share), isThere ? .whenItCuts : .never)
    }
    let left = memory.forBatteries.follow(max(0, onTop - taken - allocation.drawn), at: now)
    let rest = left / Double(max(1, hybrids.count))
    for hybrid in hybrids {
      let strings = max(0, input.view.hybrid(hybrid.device)?.pvPower ?? 0)
      add(.battery(hybrid.device), .atLeast(-strings - rest))
    }
    return contribution
  }

  /// `min(generation, max(0, C − grid))`, W.
  private func onTop(_ view: SiteView) -> Double {
    guard let grid = view.grid?.power else { return 0 }
    var taken = 0.0
    for charger in chargers { taken += max(0, view.charger(charger.device)?.power ?? 0) }
    for pump in heatPumps { taken += max(0, view.heatPump(pump.device)?.power ?? 0) }
    for hybrid in hybrids { taken += max(0, -(view.hybrid(hybrid.device)?.acPower ?? 0)) }
    return min(generation(view), max(0, taken - grid))
  }

  /// What comes into the busbar beside the grid, W ≥ 0.
  private func generation(_ view: SiteView) -> Double {
    var sum = generator == nil ? 0 : max(0, view.generatorPower ?? 0)
    for source in sources { sum += view.hybrid(source.device).map { given(source, $0) } ?? 0 }
    return sum
  }

  private func given(_ source: SiteParameters.Hybrid, _ seen: SiteView.Hybrid) -> Double {
    if let ac = seen.acPower { return max(0, ac) }
    guard let strings = source.pvPeak > .zero ? seen.pvPower : 0,
      let battery = source.battery == nil ? 0 : seen.batteryPower
    else { return 0 }
    return min(source.acLimit.value, max(0, Self.efficiency * (strings + battery)))
  }

  /// What a heat pump has to count with, W.
  private func draw(of pump: SiteParameters.HeatPump, _ view: SiteView) -> Double {
    let seen = view.heatPump(pump.device)
    if let power = seen?.power { return max(0, power) }
    return seen?.state == 1 ? 0 : pump.rated.value
  }
}
