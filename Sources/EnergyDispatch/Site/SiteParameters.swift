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
  public var chargers: [Charger] = []
  public var heatPumps: [HeatPump] = []
  public var generator: Generator?
  /// Meters below the one at the connection.
  public var subMeters: [SubMeter] = []
  public var fuse: Fuse?
  /// What the house takes that nothing can switch; assumed where the load is unknown.
  public var baseLoad: Watts
  public var feedIn: FeedInCap?
  /// Who may limit the site from outside, by name.
  public var channels: [Channel] = []
  public var controllable: Controllable?
  public var demand: Demand?
  public var tariff: Tariff?
  /// Spreads restorations of many sites over time: another number for each site, and always the same.
  public var spreadSeed: UInt64 = 0
  /// The share of the battery kept for an outage.
  public var reserve: Percent
  /// Announced outages that the reserve is raised for.
  public var outages: [Outage] = []
  /// What the owner wants of the batteries at which time of the day. Windows do not overlap.
  public var plan: [PlanWindow] = []
  public var island = IslandParameters()
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

  /// Installed PV of all hybrids, W peak.
  var installedPeak: Double { hybrids.reduce(0) { $0 + $1.pvPeak.value } }
}
