public import EnergyDispatch
public import EnergyModel

/// What goes wrong with what is measured of one device.
public enum InputFault: String, CaseIterable, Hashable, Sendable {
  /// No answer: the old value stays, marked as timed out.
  case silent
  /// Old values with their old times.
  case stale
  /// The same values with new times; after a minute the reader notices and marks them.
  case frozen
  /// Not a number.
  case nan
  /// The device answers that it cannot.
  case exception
  /// Powers and currents with the wrong sign.
  case negated
  /// A tenth of what is true, as after a wrong scale factor.
  case scaled

  /// How long control cannot know of it; nil where it can at once.
  var undetected: Double? {
    switch self {
    case .silent, .stale, .nan, .exception: nil
    case .frozen: 60
    case .negated, .scaled: .infinity
    }
  }
}

/// What goes wrong with what is asked of one device.
public enum OutputFault: String, CaseIterable, Hashable, Sendable {
  /// Not carried out, and said so.
  case fails
  /// Carried out, but the answer got lost.
  case failsThoughTaken
  /// Not carried out; the device reads back something else.
  case ignored
  /// Neither carried out nor answered.
  case lost
  /// Carried out much later, or refused when it has expired meanwhile.
  case slow
}

/// What becomes of control's memory over a restart.
public enum MemoryFate: String, CaseIterable, Hashable, Sendable { case kept, lost, corrupted }

/// One thing that goes wrong, from a second of the run to another.
public struct Fault: Hashable, Sendable, CustomStringConvertible {
  public enum Kind: Hashable, Sendable {
    case input(DeviceID, InputFault)
    case output(DeviceID, OutputFault)
    /// The wall clock steps by so much, and stays there.
    case clock(Duration)
    /// Nobody vouches for the wall clock.
    case untrustedClock
    /// The agent is away and begins anew at the end.
    case restart(MemoryFate)
    case gridLost
    case contact(DeviceID)
    case alarm(DeviceID)
    /// A limit of an uplink channel, W or %; it says itself when it ends, or is released then.
    case limit(String, LimitedQuantity, Double, isTimed: Bool)
    /// Nothing is heard of an uplink channel, its heartbeat least of all.
    case silence(String)
    /// Forecasts are wrong by this factor.
    case forecast(Double)
    case everythingAsks
  }

  public var from: Double
  public var until: Double
  public var kind: Kind

  public init(_ kind: Kind, from: Double, until: Double) {
    self.kind = kind
    self.from = from
    self.until = until
  }

  /// In the step that ends at `second`.
  func holds(at second: Double) -> Bool { second > from && second <= until }

  public var description: String { "\(Int(from))–\(Int(until)) s: \(kind)" }
}

/// What control could know in one step, for whoever judges it.
public struct Evidence: Sendable {
  public var isAgentUp = true
  /// It comes back without what it remembered, or with a part of it.
  public var isMemoryLost = false
  /// Devices whose values are wrong without a sign of it.
  public var lying: Set<DeviceID> = []
  /// Devices whose values are missing, too old, or marked.
  public var missing: Set<DeviceID> = []
  /// Devices that do not do what they are asked.
  public var deaf: Set<DeviceID> = []
  /// Uplink channels of which nothing arrives.
  public var silentChannels: Set<String> = []

  public init() {}
}
