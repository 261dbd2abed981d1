/// What a running agent answers to `GET /api/v1/site`. Powers in W, energies in Wh, shares in percent; a
/// missing value is unknown, never zero. Signs as everywhere: import, production and discharge positive.
public struct SiteReport: Decodable, Sendable {
  public var site: String
  public var version: String
  public var mode: String
  public var balance: Balance
  public var energy: Energy
  public var devices: [Device]
  public var decision: Decision?
  public var journal: Journal
  public var uplinks: [Uplink]
  public var setpoints: Setpoints
  public var cycle: Cycle

  public struct Balance: Decodable, Sendable {
    public var gridPowerW: Double?
    public var pvPowerW: Double?
    public var batteryPowerW: Double?
    public var inverterPowerW: Double?
    public var loadPowerW: Double?
    public var socPercent: Double?
  }

  public struct Energy: Decodable, Sendable {
    public var gridWh: Double
    public var inverterWh: Double
    public var fromMs: Int64?
    public var untilMs: Int64?
  }

  public struct Device: Decodable, Sendable {
    public var id: String
    public var profile: String
    public var state: String
    public var samples: UInt64
    public var ageMs: Int64?
    /// What a load behind a relay is left at when the agent stops: `on` or `off`.
    public var ifAgentDies: String?
    /// The newest value of each point that ever had one.
    public var values: [String: Double?]
    /// Points that are not good, and why.
    public var quality: [String: String]
  }

  public struct Decision: Decodable, Sendable {
    /// UTC milliseconds: of the numbers in it, and since when it has been the same in substance.
    public var t: Int64
    public var sinceMs: Int64?
    public var sentence: String
    public var wish: String?
    public var rule: String?
    public var bounds: [Bound]
    public var setpoints: [Setpoint]
    public var safeState: Bool
  }

  public struct Bound: Decodable, Sendable {
    public var rule: String
    public var quantity: String
    public var text: String
    public var holds: Bool
  }

  public struct Setpoint: Decodable, Sendable {
    public var device: String
    public var kind: String
    public var value: Double
    public var owner: String
  }

  public struct Journal: Decodable, Sendable {
    public var boot: Int
    public var committedRecords: UInt64
    public var commits: UInt64
    public var droppedSamples: UInt64
    public var purgedRecords: UInt64
    public var sizeBytes: UInt64
    public var fault: String?
  }

  public struct Uplink: Decodable, Sendable {
    public var destination: String
    public var connected: Bool
    public var sentRecords: UInt64
    public var acknowledgedRecords: UInt64
    public var backlogRecords: UInt64
    public var lastError: String?
  }

  public struct Setpoints: Decodable, Sendable {
    public var written: UInt64
    public var confirmed: UInt64
    public var failed: UInt64
  }

  public struct Cycle: Decodable, Sendable {
    public var count: UInt64
    public var worstLatenessMs: Double
    public var worstDurationMs: Double
  }
}
