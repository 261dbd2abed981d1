/// The site as people and programs see it: what the page, REST, the command line and metrics show.
public struct SiteStatus: Sendable {
  public var site: String
  public var version: String
  /// `monitor` or `control`.
  public var mode: String
  public var at: Moment
  public var uptime: Duration
  public var balance: Balance
  public var energy: Energy
  public var devices: [Device]
  public var decision: Decision?
  /// Since when it has been the same in substance.
  public var decisionSince: Timestamp?
  public var forecast: [Forecast]
  public var cycle: Cycle
  public var journal: Journal
  public var uplinks: [Uplink]
  public var setpoints: Setpoints

  /// Powers at the busbar, W, each nil while unknown. `load = grid + inverters` of readings taken together.
  public struct Balance: Hashable, Sendable {
    public var grid: Double?
    public var pv: Double?
    public var battery: Double?
    public var inverter: Double?
    public var load: Double?
    /// State of charge, %.
    public var soc: Double?
    public init() {}
  }

  /// Energies since the agent started, Wh, integrated from measured powers over the time that is known.
  public struct Energy: Hashable, Sendable {
    /// Import minus export.
    public var grid: Double = 0
    /// Into the busbar.
    public var inverter: Double = 0
    /// The time that the integrals cover; nil before the second reading.
    public var from: Timestamp?
    public var until: Timestamp?
    public init() {}
  }

  public struct Device: Hashable, Sendable {
    public var id: DeviceID
    public var profile: String
    /// `ok`, `silent`, `never answered`, …
    public var state: String
    public var samples: UInt64
    /// Of the newest good value.
    public var age: Duration?
    public var points: [PointState]
    /// Whether a load behind a relay is left on when the agent stops; nil for every other device. Relays latch: when the
    /// agent is killed, it stays as it was until the agent is back.
    public var isLeftOn: Bool?

    public init(
      id: DeviceID, profile: String, state: String, samples: UInt64, age: Duration?, points: [PointState],
      isLeftOn: Bool? = nil
    ) {
      self.id = id
      self.profile = profile
      self.state = state
      self.samples = samples
      self.age = age
      self.points = points
      self.isLeftOn = isLeftOn
    }
  }

  public struct PointState: Hashable, Sendable {
    public var point: Point
    public var value: Double?
    public var quality: Quality
    public init(point: Point, value: Double?, quality: Quality) {
      self.point = point
      self.value = value
      self.quality = quality
    }
  }

  /// What is expected of the coming quarter hour, and when nothing can be said, why.
  public struct Forecast: Hashable, Sendable {
    /// `load` or `pv`.
    public var quantity: String
    public var power: Double?
    public var lower: Double?
    public var upper: Double?
    public var remark: String?
    public init(quantity: String, power: Double?, lower: Double? = nil, upper: Double? = nil, remark: String? = nil) {
      self.quantity = quantity
      self.power = power
      self.lower = lower
      self.upper = upper
      self.remark = remark
    }
  }

  public struct Cycle: Hashable, Sendable {
    public var count: UInt64 = 0
    /// The longest a cycle began late.
    public var worstLateness: Duration = .zero
    /// The longest a cycle took.
    public var worstDuration: Duration = .zero
    public init() {}
  }

  public struct Journal: Hashable, Sendable {
    public var boot = 0
    public var committedRecords: UInt64 = 0
    public var commits: UInt64 = 0
    /// Refused because the queue was full.
    public var droppedSamples: UInt64 = 0
    public var droppedEvents: UInt64 = 0
    /// Deleted to stay within the budget.
    public var purgedRecords: UInt64 = 0
    /// Made coarser to stay within the budget.
    public var thinnedRecords: UInt64 = 0
    public var bytes: UInt64 = 0
    public var budget: UInt64 = 0
    /// Nil while the journal works.
    public var fault: String?
    public init() {}
  }

  public struct Uplink: Hashable, Sendable {
    public var destination: DestinationID
    public var isConnected: Bool
    public var sentRecords: UInt64 = 0
    public var acknowledgedRecords: UInt64 = 0
    public var sentSegments: UInt64 = 0
    public var acknowledgedSegments: UInt64 = 0
    /// Records committed and not yet acknowledged.
    public var backlogRecords: UInt64 = 0
    /// Messages of the receiver that were not taken: malformed, retained, of another log.
    public var refusedMessages: UInt64 = 0
    /// What the present month has cost, as estimated, and what it may; 0 and nil where nobody counts.
    public var dataBytes: UInt64 = 0
    public var dataBudgetBytes: UInt64?
    public var lastError: String?
    public init(destination: DestinationID, isConnected: Bool = false) {
      self.destination = destination
      self.isConnected = isConnected
    }
  }

  public struct Setpoints: Hashable, Sendable {
    public var written: UInt64 = 0
    public var confirmed: UInt64 = 0
    public var failed: UInt64 = 0
    public init() {}
  }

  public init(
    site: String, version: String, mode: String, at: Moment, uptime: Duration, balance: Balance = Balance(),
    energy: Energy = Energy(), devices: [Device] = [], decision: Decision? = nil, forecast: [Forecast] = [],
    cycle: Cycle = Cycle(),
    journal: Journal = Journal(), uplinks: [Uplink] = [], setpoints: Setpoints = Setpoints()
  ) {
    self.site = site
    self.version = version
    self.mode = mode
    self.at = at
    self.uptime = uptime
    self.balance = balance
    self.energy = energy
    self.devices = devices
    self.decision = decision
    self.forecast = forecast
    self.cycle = cycle
    self.journal = journal
    self.uplinks = uplinks
    self.setpoints = setpoints
  }
}

/// One moment of the page's chart: powers in W, nil where nothing was known.
public struct ChartSample: Hashable, Sendable {
  public var at: Timestamp
  public var balance: SiteStatus.Balance

  public init(at: Timestamp, balance: SiteStatus.Balance) {
    self.at = at
    self.balance = balance
  }
}

/// Where the local API and the command line get the present state from. Returns at once.
public protocol SiteStatusSource: Sendable {
  func status() -> SiteStatus
  /// The last hour, oldest first.
  func lastHour() -> [ChartSample]
}
