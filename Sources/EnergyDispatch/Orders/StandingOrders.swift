public import EnergyModel

/// What people and peers outside have asked for and what still holds, as one control cycle sees it. Whoever keeps the
/// orders (accepts, persists, lets them end) hands a fresh value to each step.
public struct StandingOrders: Hashable, Sendable {
  /// Of one channel.
  public struct ChannelOrders: Hashable, Sendable {
    /// At most one for each quantity.
    public var limits: [LimitedQuantity: RunningLimit] = [:]
    /// Since the start of the agent; what was before a restart is no proof of life.
    public var lastHeartbeat: MonotonicInstant?
    /// When a limit or a release last arrived, since the start of the agent.
    public var lastWord: MonotonicInstant?

    public init() {}
  }

  public struct RunningLimit: Hashable, Sendable {
    public var value: Double
    /// Nil: until it is released.
    public var ends: MonotonicInstant?
    /// Of the command.
    public var id: String

    public init(value: Double, ends: MonotonicInstant?, id: String) {
      self.value = value
      self.ends = ends
      self.id = id
    }

    public func holds(at now: MonotonicInstant) -> Bool { ends.map { now < $0 } ?? true }
  }

  /// Something that holds from a start to an end, asked for by one issuer.
  public struct Order<Value: Hashable & Sendable>: Hashable, Sendable {
    public var value: Value
    public var starts: MonotonicInstant
    /// Nil: until it is taken back.
    public var ends: MonotonicInstant?
    public var id: String
    /// In words, for the sentence: `vpp`, `the owner`.
    public var issuer: String

    public init(value: Value, starts: MonotonicInstant, ends: MonotonicInstant?, id: String, issuer: String) {
      self.value = value
      self.starts = starts
      self.ends = ends
      self.id = id
      self.issuer = issuer
    }

    public func holds(at now: MonotonicInstant) -> Bool { starts <= now && (ends.map { now < $0 } ?? true) }
  }

  /// What the owner wants of the batteries.
  public enum Override: Hashable, Sendable {
    case hold
    /// W > 0.
    case charge(Double)
    case discharge(Double)
  }

  /// What was accepted and has not begun. It binds nothing yet; who looks ahead counts with it.
  public struct Coming: Hashable, Sendable {
    public struct Limit: Hashable, Sendable {
      public var channel: String
      public var quantity: LimitedQuantity
      public var value: Double

      public init(channel: String, quantity: LimitedQuantity, value: Double) {
        self.channel = channel
        self.quantity = quantity
        self.value = value
      }
    }

    public var limits: [Order<Limit>] = []
    public var batteryPower: [Order<Double>] = []
    public var shed: [Order<[DeviceID]>] = []

    public init() {}
  }

  public var channels: [String: ChannelOrders] = [:]
  /// Power of all batteries together, W, discharge +. Class contract.
  public var batteryPower: [Order<Double>] = []
  /// A backup reserve, %, ahead of an announced outage. The highest counts.
  public var reserve: [Order<Double>] = []
  /// Loads to be switched off. Class contract.
  public var shed: [Order<[DeviceID]>] = []
  public var override: Order<Override>?
  public var coming = Coming()

  public init() {}

  /// Whether the owner or an aggregator says what the batteries are to do now: what only economizes has no say meanwhile.
  func areBatteriesAskedFor(at now: MonotonicInstant) -> Bool {
    (override?.holds(at: now) ?? false) || batteryPower.contains { $0.holds(at: now) }
  }
}
