public import EnergyModel

/// What a limit from outside may be about.
public enum LimitedQuantity: String, CaseIterable, Hashable, Codable, Sendable {
  /// Import of the whole site, W ≥ 0.
  case importPower = "import_power_w"
  /// What the controllable devices draw from the grid together, W ≥ 0.
  case controllablePower = "controllable_power_w"
  /// Export of the whole site, W ≥ 0.
  case exportPower = "export_power_w"
  /// The same in percent of the installed PV, 0...100.
  case exportPercent = "export_percent"
}

extension SiteParameters {
  /// Somebody who may limit the site: a contact of the grid operator, or a topic of an uplink.
  public struct Channel: Hashable, Sendable {
    public enum Kind: Hashable, Sendable {
      /// Its wire is its heartbeat: active is a limit (the failsafe values), inactive a release, unreadable is lost.
      case contact(DeviceID, maximumAge: Duration)
      /// `limit` and `release` from this destination.
      case uplink(DestinationID)
    }

    public enum Class: String, CaseIterable, Hashable, Sendable { case legal, contract }

    public var name: String
    public var kind: Kind
    public var `class`: Class
    /// Whether a heartbeat is expected; silent for 120 s means lost.
    public var hasHeartbeat: Bool
    /// What holds while nobody can be trusted to say otherwise. Legal only; a contact's limit.
    public var failsafe: [LimitedQuantity: Double]
    /// Whether the site may go on without limits when the channel stays silent for long.
    public var isAutonomous: Bool
    /// What it may limit, and the lowest value it may ask for.
    public var mayLimit: [LimitedQuantity: Double]

    public init(
      name: String, kind: Kind, class: Class, hasHeartbeat: Bool = false, failsafe: [LimitedQuantity: Double] = [:],
      isAutonomous: Bool = false, mayLimit: [LimitedQuantity: Double] = [:]
    ) {
      self.name = name
      self.kind = kind
      self.class = `class`
      self.hasHeartbeat = hasHeartbeat
      self.failsafe = failsafe
      self.isAutonomous = isAutonomous
      self.mayLimit = mayLimit
    }
  }
}
