import EnergyModel

/// What a device is asked for together: one command, one lease.
struct LeaseKey: Hashable, Sendable, FlatKey {
  enum Part: Hashable, Sendable { case battery, production, relay, charger, heatPump }
  var device: DeviceID
  var part: Part
  var order: Int { device.order }
}

/// What is wanted of a device in this cycle.
struct WantedLease: Hashable, Sendable {
  struct Value: Hashable, Sendable {
    var kind: SetpointKind
    var value: Double
  }

  /// A state that the device itself reported.
  struct ReadBack: Hashable, Sendable {
    var value: Double
    var measured: MonotonicInstant
  }

  var key: LeaseKey
  var values: [Value]
  var owner: String
  /// Changes below it are not worth a write; an end at zero always is.
  var deadBand: Double
  /// The device's own timer; nil for a relay, which latches.
  var reversion: Duration?
  /// True where the values forbid nothing: a lease that still does is released, none is begun.
  var isOpen = false
  /// False for registers that wear: they are written on change only.
  var isRefreshed = true
  /// Of registers that wear, writes a day.
  var writesADay: Int?
  /// True where something that protects has a hand in it.
  var isProtective = false
  /// Of a relay.
  var readBack: ReadBack?

  /// How long the command may wait for its turn. A relay has no timer that would make a late one harmless.
  var expiry: Duration { reversion ?? .seconds(10) }

  func setpoints(at now: MonotonicInstant) -> [Setpoint] {
    values.map {
      Setpoint(device: key.device, kind: $0.kind, value: $0.value, owner: owner, expires: now + expiry)
    }
  }

  /// Whether it forbids more than `others`, which no pause after a failure may delay: limits are stricter the
  /// lower they are, and a relay that is off is safe. A limit below zero only says that the other direction is wanted.
  func tightens(_ others: [Value]) -> Bool {
    guard others.count == values.count else { return false }
    return zip(values, others).contains { mine, other in
      let (new, old) = (max(0, mine.value), max(0, other.value))
      return new < old - deadBand || (new == 0 && old > 0)
    }
  }

  func differs(from others: [Value]) -> Bool {
    guard others.count == values.count else { return true }
    return zip(values, others).contains { mine, other in mine.kind != other.kind || differs(mine.value, other.value) }
  }

  func differs(from state: ReadBack) -> Bool { values.contains { differs($0.value, state.value) } }

  private func differs(_ mine: Double, _ other: Double) -> Bool {
    let change = (mine - other).magnitude
    return change > deadBand || (change > 0 && mine == 0)
  }
}

extension WantedLease {
  private static let deadBand = 0.01

  /// The leases that follow from what was resolved. Nothing for a device that is not heard, has no timer,
  /// or is to be left alone: its lease runs out. One that would keep its last value for ever is released instead.
  ///
  /// - Parameters:
  ///   - hybrids: the site's, as `view` has them in the same order; likewise its chargers.
  static func all(
    _ resolutions: [Resolution], _ view: SiteView, hybrids: [SiteParameters.Hybrid], chargers: [SiteParameters.Charger]
  ) -> [WantedLease] {
    var all: [WantedLease] = []
    all.reserveCapacity(resolutions.count)
    let span = resolutions.span
    for index in span.indices {
      var wanted: WantedLease?
      if span[index].handsOff == nil || span[index].isReleased {
        wanted = lease(span[index], view, hybrids, chargers)
      } else if holds(span[index].quantity, hybrids) {
        wanted = lease(span[index].released, view, hybrids, chargers)
      }
      if let wanted { all.append(wanted) }
    }
    return all
  }

  private static func lease(
    _ resolution: Resolution, _ view: SiteView, _ hybrids: [SiteParameters.Hybrid], _ chargers: [SiteParameters.Charger]
  ) -> WantedLease? {
    switch resolution.quantity {
    case .battery(let device):
      guard let place = view.hybrids.firstIndex(where: { $0.device == device }), view.hybrids[place].isHeard
      else { return nil }
      return battery(resolution, hybrids[place])
    case .production(let device):
      guard let place = view.hybrids.firstIndex(where: { $0.device == device }), view.hybrids[place].isHeard
      else { return nil }
      return production(resolution, hybrids[place])
    case .supply(let device): return relay(resolution, view.relay(device))
    case .charging(let device):
      guard let place = view.chargers.firstIndex(where: { $0.device == device }), view.chargers[place].isHeard
      else { return nil }
      return charger(resolution, chargers[place])
    case .heatPump(let device): return heatPump(resolution, view.heatPump(device))
    }
  }

  private static func holds(_ quantity: ControlledQuantity, _ hybrids: [SiteParameters.Hybrid]) -> Bool {
    switch quantity {
    case .battery(let device): hybrids.first { $0.device == device }?.batteryTerms.expiry == .hold
    case .production(let device): hybrids.first { $0.device == device }?.productionTerms.expiry == .hold
    case .supply, .charging, .heatPump: false
    }
  }

  private func under(_ terms: LeaseTerms, _ resolution: Resolution) -> WantedLease {
    var lease = self
    // Only what a device releases by itself may run out without a word.
    lease.isOpen = isOpen && terms.expiry == .open
    lease.writesADay = terms.writesADay
    lease.isRefreshed = terms.writesADay == nil
    lease.isProtective = resolution.isProtective
    return lease
  }

  /// Charge and discharge limit are one command. A wished power becomes both of them, so that the battery has no choice:
  /// the limit of the other direction is below zero. A battery that can only be told a power rests where nobody wishes one,
  /// or does the least that it has to. One that cannot be told a direction gets limits that permit it: a command that is refused as
  /// a whole would leave it without any.
  private static func battery(_ resolution: Resolution, _ hybrid: SiteParameters.Hybrid) -> WantedLease? {
    guard let reversion = hybrid.batteryReversion else { return nil }
    guard !resolution.isReleased else { return openBattery(resolution, hybrid, reversion) }
    let target = resolution.target ?? (hybrid.takesPowerOnly ? resolution.allowed.clamp(0) : nil)
    let charge = 0 - (target ?? resolution.allowed.lower)
    let discharge = target ?? resolution.allowed.upper
    let isTold = target.map { ($0 >= 0 || hybrid.takesCharge) && ($0 <= 0 || hybrid.takesDischarge) } ?? false
    let rating = max(-resolution.physical.lower, resolution.physical.upper)
    return WantedLease(
      key: LeaseKey(device: hybrid.device, part: .battery),
      values: [
        Value(kind: .chargeLimit, value: isTold ? charge : max(0, charge)),
        Value(kind: .dischargeLimit, value: isTold ? discharge : max(0, discharge)),
      ],
      owner: resolution.owner, deadBand: deadBand * rating, reversion: reversion
    ).under(hybrid.batteryTerms, resolution)
  }

  private static func openBattery(
    _ resolution: Resolution, _ hybrid: SiteParameters.Hybrid, _ reversion: Duration
  ) -> WantedLease {
    WantedLease(
      key: LeaseKey(device: hybrid.device, part: .battery),
      values: [
        Value(kind: .chargeLimit, value: -resolution.physical.lower),
        Value(kind: .dischargeLimit, value: resolution.physical.upper),
      ],
      owner: resolution.owner, deadBand: 0, reversion: reversion, isOpen: true
    ).under(hybrid.batteryTerms, resolution)
  }

  private static func production(_ resolution: Resolution, _ hybrid: SiteParameters.Hybrid) -> WantedLease? {
    guard let reversion = hybrid.productionReversion else { return nil }
    let most = resolution.allowed.upper
    return WantedLease(
      key: LeaseKey(device: hybrid.device, part: .production),
      values: [Value(kind: .productionLimit, value: most)], owner: resolution.owner,
      deadBand: deadBand * hybrid.acLimit.value, reversion: reversion, isOpen: most >= resolution.physical.upper
    ).under(hybrid.productionTerms, resolution)
  }

  private static func relay(_ resolution: Resolution, _ relay: SiteView.Relay?) -> WantedLease? {
    guard let relay, let isOn = relay.isOn, let measured = relay.measured else { return nil }
    // Where nobody wishes anything the load stays as it is, unless it has to be off or on.
    let target = resolution.target ?? resolution.allowed.clamp(isOn ? 1 : 0)
    return WantedLease(
      key: LeaseKey(device: relay.device, part: .relay),
      values: [Value(kind: .relayOn, value: target >= 0.5 ? 1 : 0)], owner: resolution.owner, deadBand: 0.5,
      readBack: ReadBack(value: isOn ? 1 : 0, measured: measured))
  }

  /// Current and phases are one command.
  private static func charger(_ resolution: Resolution, _ charger: SiteParameters.Charger) -> WantedLease? {
    guard let reversion = charger.reversion, let setting = resolution.setting else { return nil }
    var values = [Value(kind: .chargingCurrent, value: setting.current)]
    if charger.switchesPhases { values.append(Value(kind: .chargingPhases, value: Double(setting.phases))) }
    return WantedLease(
      key: LeaseKey(device: charger.device, part: .charger), values: values, owner: resolution.owner, deadBand: 0.2,
      reversion: reversion
    ).under(charger.terms, resolution)
  }

  private static func heatPump(_ resolution: Resolution, _ pump: SiteView.HeatPump?) -> WantedLease? {
    guard let pump, let state = pump.state, let measured = pump.measured else { return nil }
    let target = (resolution.target ?? resolution.allowed.clamp(2)).rounded(.down)
    return WantedLease(
      key: LeaseKey(device: pump.device, part: .heatPump),
      values: [Value(kind: .heatPumpState, value: target)], owner: resolution.owner, deadBand: 0.5,
      readBack: ReadBack(value: Double(state), measured: measured))
  }
}
