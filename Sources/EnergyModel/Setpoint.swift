/// What can be asked of a device. The raw value is the name on the wire and carries the unit.
public enum SetpointKind: String, CaseIterable, Hashable, Codable, Sendable {
  /// The most a battery may charge with, W. Below zero it has to discharge with at least that much.
  case chargeLimit = "charge_limit_w"
  /// The most a battery may discharge with, W. Below zero it has to charge with at least that much.
  case dischargeLimit = "discharge_limit_w"
  /// The most an inverter may feed into the busbar, W ≥ 0.
  case productionLimit = "production_limit_w"
  /// A relay: 1 supplies the load, 0 cuts it off.
  case relayOn = "relay_on"
  /// What a charger may draw on each phase, A; 0 pauses.
  case chargingCurrent = "charging_current_a"
  /// How many phases a charger uses: 1 or all it has.
  case chargingPhases = "charging_phases"
  /// The SG-Ready state of a heat pump, 1 (blocked) to 4.
  case heatPumpState = "sg_ready_state"
}

/// One value asked of one device: a lease. It has an owner (the rule that decided) and an expiry, after
/// which it must not be written any more.
public struct Setpoint: Hashable, Sendable {
  public var device: DeviceID
  public var kind: SetpointKind
  public var value: Double
  public var owner: String
  public var expires: MonotonicInstant

  public init(device: DeviceID, kind: SetpointKind, value: Double, owner: String, expires: MonotonicInstant) {
    self.device = device
    self.kind = kind
    self.value = value
    self.owner = owner
    self.expires = expires
  }
}

/// Setpoints of one device that are written together, because the device takes them as one command.
public struct SetpointCommand: Hashable, Sendable {
  /// Increases with every command of this process; a report refers to it.
  public var id: UInt64
  public var device: DeviceID
  public var setpoints: [Setpoint]

  public init(id: UInt64, device: DeviceID, setpoints: [Setpoint]) {
    self.id = id
    self.device = device
    self.setpoints = setpoints
  }
}

/// What became of a command. It counts only when it was read back.
public struct WriteReport: Hashable, Sendable {
  public enum Outcome: Hashable, Sendable {
    /// Written and read back.
    case confirmed
    /// Written, but the device reads back something else.
    case notTaken(String)
    /// The device or the link failed; trying again may help.
    case failed(String)
    /// Never attempted: expired, read-only, serial number differs, no such command.
    case refused(String)
  }

  public var command: SetpointCommand
  public var outcome: Outcome
  public var at: Moment

  public init(command: SetpointCommand, outcome: Outcome, at: Moment) {
    self.command = command
    self.outcome = outcome
    self.at = at
  }
}

/// What a *device* does when its setpoint is no longer refreshed. The raw value is the word in profiles.
public enum SetpointExpiry: String, Hashable, Sendable {
  /// It falls back to a safe value of its own, armed before the first write.
  case safe
  /// It releases the limit.
  case open
  /// It keeps the last value for ever. It is written only where the installer has confirmed that; the lease is then the
  /// agent's own.
  case hold
}
