import EnergyModel

/// All leases of the site. Writes what changed or is due at half of the device's reversion time, repeats
/// what failed after a growing pause, and leaves alone what nobody wants any more: it runs out by itself.
struct LeaseBook: Sendable {
  private static let notTakenBeforeAlarm = 3

  private(set) var leases: [LeaseKey: Lease] = [:]
  private var complaints: [LeaseKey: Set<String>] = [:]
  private var lastID: UInt64 = 0

  init() {}

  /// What has to be written now.
  mutating func plan(_ wanted: [WantedLease], at now: MonotonicInstant) -> [SetpointCommand] {
    var commands: [SetpointCommand] = []
    for want in wanted {
      guard leases[want.key, default: Lease()].needsWrite(want, at: now) else {
        if leases[want.key] == nil { leases[want.key] = Lease() }
        continue
      }
      lastID += 1
      leases[want.key, default: Lease()].submitted(lastID, want.values, at: now)
      commands.append(SetpointCommand(id: lastID, device: want.key.device, setpoints: want.setpoints(at: now)))
    }
    // Every wanted one has a lease now: more than those are left alone.
    if leases.count > wanted.count {
      let keys = Set(wanted.map(\.key))
      for key in leases.keys where !keys.contains(key) { leases[key]?.forget() }
    }
    return commands
  }

  /// Learns what became of commands. Tells once what needs a person.
  mutating func accept(_ reports: [WriteReport], at now: Moment) -> [Event] {
    reports.compactMap { report in
      guard let key = Self.key(report.command), var lease = leases[key], lease.accept(report) else { return nil }
      leases[key] = lease
      switch report.outcome {
      case .confirmed:
        complaints[key] = nil
        return nil
      case .failed: return nil
      case .refused(let reason):
        return complain(key, now, "setpoint-refused", .warning, "a setpoint for \(key.device) was refused: \(reason)")
      case .notTaken(let found):
        guard lease.notTaken >= Self.notTakenBeforeAlarm else { return nil }
        let text =
          "\(key.device) did not take a setpoint \(lease.notTaken) times: \(found); another controller may "
          + "be writing"
        return complain(key, now, "setpoint-not-taken", .alarm, text)
      }
    }
  }

  /// Identifiers for commands that follow the last one.
  var nextID: UInt64 { lastID + 1 }

  private mutating func complain(
    _ key: LeaseKey, _ now: Moment, _ name: String, _ severity: Event.Severity, _ text: String
  ) -> Event? {
    guard complaints[key, default: []].insert(name).inserted else { return nil }
    return Event(at: now, name: name, severity: severity, device: key.device, text: text)
  }

  private static func key(_ command: SetpointCommand) -> LeaseKey? {
    switch command.setpoints.first?.kind {
    case .chargeLimit?, .dischargeLimit?: LeaseKey(device: command.device, part: .battery)
    case .productionLimit?: LeaseKey(device: command.device, part: .production)
    case .relayOn?: LeaseKey(device: command.device, part: .relay)
    case .chargingCurrent?, .chargingPhases?: LeaseKey(device: command.device, part: .charger)
    case .heatPumpState?: LeaseKey(device: command.device, part: .heatPump)
    case nil: nil
    }
  }
}
