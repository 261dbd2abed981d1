import EnergyModel

/// What devices get on a clean stop. Limits that a device may still hold are opened, as it would itself
/// when the lease runs out; what was left alone stays so. One that falls back to a safe value of its own is left to do
/// so, and one that would hold the last value for ever is opened in any case. A charger gets its failsafe current. A relay gets what its load is to have while the agent is away.
enum Fallback {
  private static let owner = "stop"
  /// A stop does not wait long.
  private static let expiry: Duration = .seconds(10)

  static func commands(
    _ site: SiteParameters, _ leases: LeaseBook, _ view: SiteView?, at now: MonotonicInstant
  ) -> [SetpointCommand] {
    var id = leases.nextID
    var commands: [SetpointCommand] = []
    func add(_ device: DeviceID, _ values: [(SetpointKind, Double)]) {
      let setpoints = values.map {
        Setpoint(device: device, kind: $0, value: $1, owner: owner, expires: now + expiry)
      }
      commands.append(SetpointCommand(id: id, device: device, setpoints: setpoints))
      id += 1
    }
    for hybrid in site.hybrids where view?.hybrid(hybrid.device)?.isHeard == true {
      func isHeld(_ part: LeaseKey.Part, _ reversion: Duration?, _ terms: LeaseTerms) -> Bool {
        guard let lease = leases.leases[LeaseKey(device: hybrid.device, part: part)] else { return false }
        switch terms.expiry {
        case .safe: return false
        case .open: return lease.isHeld(at: now, reversion ?? .zero)
        case .hold: return lease.wasAsked
        }
      }
      if let battery = hybrid.battery, isHeld(.battery, hybrid.batteryReversion, hybrid.batteryTerms) {
        let limits = (battery.maximumCharge.value, battery.maximumDischarge.value)
        add(hybrid.device, [(.chargeLimit, limits.0), (.dischargeLimit, limits.1)])
      }
      if isHeld(.production, hybrid.productionReversion, hybrid.productionTerms) {
        add(hybrid.device, [(.productionLimit, hybrid.acLimit.value)])
      }
    }
    for load in site.loads {
      guard let relay = view?.relay(load.device), let isOn = relay.isOn, let measured = relay.measured
      else { continue }
      let lease = leases.leases[LeaseKey(device: load.device, part: .relay)] ?? Lease()
      let isSettled = lease.isSettled(.init(value: isOn ? 1 : 0, measured: measured))
      guard isOn != load.isOnWhenAgentDies || !isSettled else { continue }
      add(load.device, [(.relayOn, load.isOnWhenAgentDies ? 1 : 0)])
    }
    for charger in site.chargers where view?.charger(charger.device)?.isHeard == true {
      let lease = leases.leases[LeaseKey(device: charger.device, part: .charger)]
      let isHeld =
        charger.terms.expiry == .hold
        ? lease?.wasAsked : lease?.isHeld(at: now, charger.reversion ?? .zero)
      guard isHeld == true else { continue }
      var values = [(SetpointKind.chargingCurrent, charger.failsafeCurrent)]
      if charger.switchesPhases {
        let phases = view?.charger(charger.device)?.phases ?? charger.phases.count
        values.append((.chargingPhases, Double(phases)))
      }
      add(charger.device, values)
    }
    for pump in site.heatPumps {
      guard let state = view?.heatPump(pump.device)?.state else { continue }
      let left = pump.isBlockedWhenAgentDies ? 1 : 2
      if state != left { add(pump.device, [(.heatPumpState, Double(left))]) }
    }
    return commands
  }
}
