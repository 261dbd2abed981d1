import EnergyModel

/// Keeps the import of the site at or below a goal, by the cheapest means first: it ends the charging of batteries from the grid,
/// throttles chargers down to a pause, ends boosts, lets batteries discharge by what lasts for the whole duration, and sheds
/// loads and blocks heat pumps by priority.
///
///     allowed = limit − rest           rest: what would be imported with chargers paused and batteries at rest
///     chargers ≤ max(0, allowed)       battery ≥ −(what chargers leave of it)
///     need = max(0, −allowed)          battery ≥ its share of need
///     to be shed = need − Σ min(gives, usable energy ÷ duration)
///
/// `allowed` is computed from measurements each time (no integrator), falls at once, and rises only after a stable minute, to
/// the least of that minute, in steps of a tenth of what can be controlled every ten seconds. Loads are shed as late as
/// the permitted reaction time allows, and come back before anything else rises. What does not follow its bound shows as an
/// import above the limit and is made up by shedding.
struct ImportRelief: Sendable {
  struct Goal: Hashable, Sendable {
    /// Import of the site, W.
    var limit: Double
    /// How long it will hold; nil where nobody knows.
    var lasts: Duration?
    /// Within which the import has to be below the limit; zero is at once.
    var reaction: Duration
    /// A few stable words without numbers.
    var cause: String
    var reason: Reason
    /// Restorations after it are spread over this long, for a limit that many sites get together.
    var spread: Duration = .zero
  }

  /// Batteries are made to last this long where nobody says how long the goal holds.
  static let unknownDuration: Duration = .seconds(2 * 3600)
  /// What was told shows at the meter within this time, of a charger a little earlier: another one makes room for one that
  /// does not follow before loads do.
  private static let effect: Duration = .seconds(10)
  private static let chargerEffect: Duration = .seconds(8)
  /// A silent meter sheds loads only after this long.
  private static let blindness: Duration = .seconds(10)
  /// Kept free when something is given back.
  private static let share = 0.05
  private static let meterError = 100.0

  let site: SiteParameters
  private let engine: ShedEngine
  /// The most that chargers and charging batteries take together, W.
  private let range: Double

  init(site: SiteParameters) {
    self.site = site
    engine = ShedEngine(site: site)
    range =
      site.chargers.reduce(0) { $0 + ($1.reversion == nil ? 0 : $1.maximumPower) }
      + site.hybrids.reduce(0) { $0 + ($1.batteryReversion == nil ? 0 : $1.battery?.maximumCharge.value ?? 0) }
  }

  /// What holds the goal; with nil the limit is over, and what it held back is given back step by step.
  func limits(_ goal: Goal?, _ input: RuleInput, _ memory: inout ReliefMemory) -> [Limit] {
    engine.prepare(input, &memory.shed)
    let reading = ImportReading(site, input.view, &memory)
    // A limit at the connection means nothing while there is none.
    guard let goal, !input.view.isIslanded else { return giveBack(goal, reading, input, &memory) }
    memory.spread = goal.spread
    let batteries = batteries(goal, input)
    let room = goal.limit - reading.rest
    follow(room, goal.limit - reading.restNow, reading, input.now.monotonic, &memory)
    let lasting = batteries.reduce(0) { $0 + $1.lasts }
    shed(goal, reading, room: room, lasting: lasting, input, &memory)
    restore(goal, room: min(room, goal.limit - reading.restNow), lasting: lasting, input, &memory)
    let allowed = memory.allowed?.value ?? room
    let shares = self.shares(allowed, input, &memory)
    return chargerLimits(shares, goal) + boostLimits(allowed, goal)
      + batteryLimits(allowed, batteries, shares, goal, input.view, isTight: !memory.shed.shed.isEmpty)
      + engine.limits(memory.shed, goal.reason)
  }

  /// What they keep for outages is not counted on.
  private func batteries(_ goal: Goal, _ input: RuleInput) -> [BatteryRelief] {
    let duration = goal.lasts ?? Self.unknownDuration
    return site.hybrids.compactMap {
      let floor = input.reserves[$0.device]?.floor ?? site.reserve.value
      return BatteryRelief($0, input.view, floor: floor, duration: duration)
    }
  }

  // MARK: what is allowed

  private var step: Double { max(range / 10, Self.meterError) }

  private func follow(
    _ room: Double, _ roomNow: Double, _ reading: ImportReading, _ now: MonotonicInstant, _ memory: inout ReliefMemory
  ) {
    memory.endedSince = nil
    if reading.grid != nil, !memory.hasSeen {
      memory.hasSeen = true
      // A start reads first: what was assumed before anybody had told anything is no measurement to come back from.
      if memory.allowed != nil { memory.isLost = true }
      memory.allowed = nil
    }
    guard var allowed = memory.allowed else {
      memory.allowed = Allowance(memory.isLost ? min(room, max(0, reading.controlled)) : room)
      memory.isLost = false
      return
    }
    let mayRise = allowed.value < range && !reading.isPartial
    // Loads come back before chargers rise; batteries are spared as soon as they can be.
    let relaxed = memory.shed.shed.isEmpty ? roomNow : min(0, roomNow)
    allowed.follow(room, relaxed: relaxed, step: step, mayRise: mayRise, now)
    memory.allowed = allowed
  }

  // MARK: loads

  private func shed(
    _ goal: Goal, _ reading: ImportReading, room: Double, lasting: Double, _ input: RuleInput,
    _ memory: inout ReliefMemory
  ) {
    let now = input.now.monotonic
    var demand = ShedEngine.Demand(excess: [-room - lasting], reaction: goal.reaction, effect: .seconds(6))
    if let grid = reading.grid {
      memory.blindSince = nil
      memory.overSince = grid > goal.limit + Self.meterError ? memory.overSince ?? now : nil
      // Somebody does not do what he was told: it takes the wait of its own, but not both in turn.
      if let over = memory.overSince, now - over >= max(Self.effect, demand.wait) {
        demand.excess[0] = max(demand.excess[0], grid - goal.limit)
        if memory.shed.excessSince == nil { memory.shed.excessSince = over }
      }
    } else {
      let since = memory.blindSince ?? now
      memory.blindSince = since
      memory.overSince = nil
      demand.patience = Self.blindness
    }
    engine.shed(demand, input, &memory.shed)
  }

  private func restore(
    _ goal: Goal, room: Double, lasting: Double, _ input: RuleInput, _ memory: inout ReliefMemory
  ) {
    let spare = room + lasting - max(Self.meterError, Self.share * goal.limit)
    memory.room = spare
    let restored = engine.restore(input, &memory.shed) { $1 <= spare }
    // Chargers make room before the load comes.
    if let restored { memory.allowed?.lower(to: room - engine.pickUp(restored, memory.shed)) }
  }

  /// The limit is over: chargers and batteries rise in steps, loads come back one at a time.
  private func giveBack(
    _ goal: Goal?, _ reading: ImportReading, _ input: RuleInput, _ memory: inout ReliefMemory
  ) -> [Limit] {
    let now = input.now.monotonic
    memory.room = nil
    memory.overSince = nil
    memory.shed.excessSince = nil
    if memory.isLost, memory.allowed == nil { memory.allowed = Allowance(max(0, reading.controlled)) }
    memory.isLost = false
    let delay = SpreadOffset(seed: site.spreadSeed).offset(within: memory.spread)
    if engine.restore(delay: delay, input, &memory.shed, fits: { _, _ in goal == nil }) != nil { memory.spread = .zero }
    let reason: Reason = goal?.reason ?? "what a limit held back comes back step by step"
    let since = memory.endedSince ?? now
    memory.endedSince = since
    if memory.shed.shed.isEmpty, now - since >= delay { memory.allowed?.raise(to: .infinity, step: step, now) }
    guard let allowed = memory.allowed?.value, allowed < range else {
      memory.allowed = nil
      return engine.limits(memory.shed, reason)
    }
    let ended = goal ?? Goal(limit: .infinity, lasts: nil, reaction: .zero, cause: "limit over", reason: reason)
    return chargerLimits(givenBack(allowed, input), ended) + engine.limits(memory.shed, reason)
  }

  /// Nobody has to make room any more: a car that charges is left the least it charges with, whoever else begins.
  private func givenBack(_ allowed: Double, _ input: RuleInput) -> [ChargerShares.Share] {
    ChargerShares(site, input.view).divide(allowed).map { charger, power in
      guard let history = input.consumers.charger(charger.device), history.isOn == true else { return (charger, power) }
      return (charger, max(power, history.minimumPower(at: input.now.monotonic)))
    }
  }

  // MARK: bounds

  private func shares(
    _ allowed: Double, _ input: RuleInput, _ memory: inout ReliefMemory
  ) -> [ChargerShares.Share] {
    let chargers = ChargerShares(site, input.view)
    let isLasting = memory.overSince.map { input.now.monotonic - $0 >= Self.chargerEffect } ?? false
    let stubborn = memory.stubborn.look(isLasting: isLasting, chargers.divide(allowed), input.view)
    return chargers.divide(allowed, besides: stubborn)
  }

  private func chargerLimits(_ shares: [ChargerShares.Share], _ goal: Goal) -> [Limit] {
    shares.compactMap { charger, power in
      guard power < charger.maximumPower else { return nil }
      return Limit(
        quantity: .charging(charger.device), interval: .atMost(power), cause: goal.cause, reason: goal.reason)
    }
  }

  /// A boost ends when pausing the chargers is not enough.
  private func boostLimits(_ allowed: Double, _ goal: Goal) -> [Limit] {
    guard allowed < 0 else { return [] }
    return site.heatPumps.filter(\.canBoost).map {
      Limit(
        quantity: .heatPump($0.device), interval: .atMost(2), cause: goal.cause, reason: goal.reason, mention: .never)
    }
  }

  /// - Parameter isTight: something is shed, so that what is stored is kept for bringing it back.
  private func batteryLimits(
    _ allowed: Double, _ batteries: [BatteryRelief], _ shares: [ChargerShares.Share], _ goal: Goal, _ view: SiteView,
    isTight: Bool
  ) -> [Limit] {
    if allowed >= 0 {
      let taken = shares.reduce(0) { sum, share in
        let isIdle = view.charger(share.charger.device)?.power.map { $0 < Self.meterError } ?? false
        return sum + (isIdle ? 0 : share.power)
      }
      // Shares may add up to a trifle more.
      let left = max(0, allowed - taken)
      let most = batteries.reduce(0) { $0 + $1.takes }
      guard left < most || isTight else { return [] }
      return batteries.map { battery in
        let power = min(battery.takes, left * battery.takes / max(1, most) + battery.spill)
        return limit(battery, Interval(-power, isTight ? battery.lasts : .infinity), goal)
      }
    }
    return zip(batteries, BatteryRelief.divide(-allowed, batteries)).map { battery, power in
      // More than its share would not last.
      let upper = max(power, battery.lasts)
      if power <= 0, battery.spill > 0 { return limit(battery, .atLeast(-min(battery.spill, battery.takes)), goal) }
      let interval = upper < battery.rating && battery.gives > 0 ? Interval(power, upper) : .atLeast(power)
      return limit(battery, interval, goal)
    }
  }

  private func limit(_ battery: BatteryRelief, _ interval: Interval, _ goal: Goal) -> Limit {
    Limit(quantity: .battery(battery.device), interval: interval, cause: goal.cause, reason: goal.reason)
  }
}
