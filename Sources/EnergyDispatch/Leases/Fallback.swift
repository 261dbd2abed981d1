import EnergyModel

/// What devices get on a clean stop. Limits that a device may still hold are opened, as it would itself
/// when the lease runs out; what was left alone stays so. A relay gets what its load is to have while the agent is away.
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
      func isHeld(_ part: LeaseKey.Part, _ reversion: Duration?) -> Bool {
        let lease = leases.leases[LeaseKey(device: hybrid.device, part: part)]
        return lease?.isHeld(at: now, reversion ?? .zero) == true
      }
      if let battery = hybrid.battery, isHeld(.battery, hybrid.batteryReversion) {
        let limits = (battery.maximumCharge.value, battery.maximumDischarge.value)
        add(hybrid.device, [(.chargeLimit, limits.0), (.dischargeLimit, limits.1)])
      }
      if isHeld(.production, hybrid.productionReversion) {
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
      guard lease?.isHeld(at: now, charger.reversion ?? .zero) == true else { continue }
      add(charger.device, [(.chargingCurrent, charger.failsafeCurrent)])
    }
    for pump in site.heatPumps {
      guard let state = view?.heatPump(pump.device)?.state else { continue }
      let left = pump.isBlockedWhenAgentDies ? 1 : 2
      if state != left { add(pump.device, [(.heatPumpState, Double(left))]) }
    }
    return commands
  }
}
