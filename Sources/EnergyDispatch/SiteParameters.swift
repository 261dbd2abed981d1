public import EnergyModel

/// What control needs to know of a site: its devices, their limits, and what the owner wants. Validated
/// by the configuration before it gets here.
public struct SiteParameters: Hashable, Sendable {
  public enum Mode: String, Hashable, Sendable {
    /// Decide and explain, write nothing.
    case monitor
    case control
  }

  public var mode: Mode
  public var gridMeter: GridMeter?
  public var hybrids: [Hybrid]
  public var loads: [SheddableLoad]
  public var fuse: Fuse?
  /// What the house takes that nothing can switch; assumed where the load is unknown.
  public var baseLoad: Watts
  public var feedIn: FeedInCap?
  /// The share of the battery kept for an outage.
  public var reserve: Percent
  /// Rules of the economics class that are switched on, by name.
  public var economics: [String]

  public init(
    mode: Mode, gridMeter: GridMeter?, hybrids: [Hybrid], loads: [SheddableLoad], fuse: Fuse?, baseLoad: Watts,
    feedIn: FeedInCap?, reserve: Percent, economics: [String]
  ) {
    self.mode = mode
    self.gridMeter = gridMeter
    self.hybrids = hybrids
    self.loads = loads
    self.fuse = fuse
    self.baseLoad = baseLoad
    self.feedIn = feedIn
    self.reserve = reserve
    self.economics = economics
  }

  /// The meter at the connection point.
  public struct GridMeter: Hashable, Sendable {
    public var device: DeviceID
    /// Readings older than this count as unknown.
    public var maximumAge: Duration

    public init(device: DeviceID, maximumAge: Duration = .seconds(5)) {
      self.device = device
      self.maximumAge = maximumAge
    }
  }

  /// One AC source with strings and a battery behind it: `ac = pv_dc + battery_dc − losses`.
  public struct Hybrid: Hashable, Sendable {
    public var device: DeviceID
    public var acLimit: Watts
    /// Installed PV, W peak; zero without strings.
    public var pvPeak: Watts
    public var battery: Battery?
    /// The device's own reversion timers: leases are refreshed at half of them. Nil where a command is
    /// missing or has no timer.
    public var batteryReversion: Duration?
    public var productionReversion: Duration?
    public var maximumAge: Duration

    public init(
      device: DeviceID, acLimit: Watts, pvPeak: Watts, battery: Battery?, batteryReversion: Duration?,
      productionReversion: Duration?, maximumAge: Duration = .seconds(5)
    ) {
      self.device = device
      self.acLimit = acLimit
      self.pvPeak = pvPeak
      self.battery = battery
      self.batteryReversion = batteryReversion
      self.productionReversion = productionReversion
      self.maximumAge = maximumAge
    }
  }

  public struct Battery: Hashable, Sendable {
    public enum GridCharging: String, Hashable, Sendable { case never, allowed }

    public var usable: WattHours
    /// The window of the state of charge, %.
    public var socWindow: ClosedRange<Double>
    public var gridCharging: GridCharging
    /// The most the battery takes and gives, W ≥ 0.
    public var maximumCharge: Watts
    public var maximumDischarge: Watts
    /// Charging and discharging are forbidden outside, °C.
    public var temperatureWindow: ClosedRange<Double>

    public init(
      usable: WattHours, socWindow: ClosedRange<Double>, gridCharging: GridCharging, maximumCharge: Watts,
      maximumDischarge: Watts, temperatureWindow: ClosedRange<Double> = 0...50
    ) {
      self.usable = usable
      self.socWindow = socWindow
      self.gridCharging = gridCharging
      self.maximumCharge = maximumCharge
      self.maximumDischarge = maximumDischarge
      self.temperatureWindow = temperatureWindow
    }
  }

  /// A load behind a relay.
  public struct SheddableLoad: Hashable, Sendable {
    public var device: DeviceID
    public var rated: Watts
    /// Lower numbers are shed first.
    public var priority: Int
    /// Critical loads are never shed.
    public var isCritical: Bool
    public var minimumOn: Duration
    public var minimumOff: Duration
    /// The most often it may be started within an hour; nil means any number.
    public var startsAnHour: Int?
    /// What the load gets when the agent dies: the relay latches, so this is what a clean stop writes.
    public var isOnWhenAgentDies: Bool

    public init(
      device: DeviceID, rated: Watts, priority: Int, isCritical: Bool = false, minimumOn: Duration = .seconds(60),
      minimumOff: Duration = .seconds(60), isOnWhenAgentDies: Bool = true, startsAnHour: Int? = nil
    ) {
      self.device = device
      self.rated = rated
      self.priority = priority
      self.isCritical = isCritical
      self.minimumOn = minimumOn
      self.minimumOff = minimumOff
      self.startsAnHour = startsAnHour
      self.isOnWhenAgentDies = isOnWhenAgentDies
    }
  }

  /// Amperes per phase at the connection.
  public struct Fuse: Hashable, Sendable {
    public var phases: Int
    public var rating: Amperes

    public init(phases: Int, rating: Amperes) {
      self.phases = phases
      self.rating = rating
    }
  }

  /// The most that may flow into the grid.
  public struct FeedInCap: Hashable, Sendable {
    public var limit: Watts
    /// The inverter that holds the permanent cap itself; leases only tighten it.
    public var storedIn: DeviceID?

    public init(limit: Watts, storedIn: DeviceID?) {
      self.limit = limit
      self.storedIn = storedIn
    }
  }
}
