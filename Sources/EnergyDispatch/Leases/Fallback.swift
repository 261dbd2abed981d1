import EnergyModel

/// What devices get on a clean stop. Limits that were leased are opened, as the device itself would when
/// the lease runs out; a relay gets what its load is to have while the agent is away.
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
      if let battery = hybrid.battery, leases.leases[LeaseKey(device: hybrid.device, part: .battery)] != nil {
        let limits = (battery.maximumCharge.value, battery.maximumDischarge.value)
        add(hybrid.device, [(.chargeLimit, limits.0), (.dischargeLimit, limits.1)])
      }
      if leases.leases[LeaseKey(device: hybrid.device, part: .production)] != nil {
        add(hybrid.device, [(.productionLimit, hybrid.acLimit.value)])
      }
    }
    for load in site.loads {
      guard let isOn = view?.relay(load.device)?.isOn, isOn != load.isOnWhenAgentDies else { continue }
      add(load.device, [(.relayOn, load.isOnWhenAgentDies ? 1 : 0)])
    }
    return commands
  }
}
