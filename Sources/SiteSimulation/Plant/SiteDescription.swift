public import EnergyDispatch
public import EnergyModel
public import SiteSimulator

/// What the simulation is told of a site: what control knows of it, and what only nature and the people who live there
/// know. Where a configuration is silent about the latter, the defaults are round figures of a detached house.
public struct SiteDescription: Sendable {
  public var parameters: SiteParameters
  /// The strings of each hybrid.
  public var strings: [DeviceID: [PVString]]
  /// Degrees, north and east positive.
  public var latitude: Double
  public var longitude: Double
  public var zone: TimeZoneTable
  /// Mean share of the sky that clouds cover, 0...1.
  public var cloudCover = 0.55
  /// State of charge at the start, %.
  public var soc = 50.0
  /// Where the batteries stand, °C.
  public var ambient = 16.0
  /// What batteries do by a programme of the inverter's own: hours of the solar day in which it charges from the grid.
  public var gridChargingHours: Range<Double>?
  /// Consumption and production of a file in place of household and sky.
  public var series: DemandSeries?
  public var habits = Habits()

  public init(
    parameters: SiteParameters, strings: [DeviceID: [PVString]] = [:], latitude: Double = 52.52,
    longitude: Double = 13.40, zone: TimeZoneTable = .utc
  ) {
    self.parameters = parameters
    self.strings = strings
    self.latitude = latitude
    self.longitude = longitude
    self.zone = zone
    for hybrid in parameters.hybrids where strings[hybrid.device] == nil && hybrid.pvPeak > .zero {
      self.strings[hybrid.device] = [PVString(peak: hybrid.pvPeak.value, tilt: 35, azimuth: 180)]
    }
  }
}

/// What people and houses do; hours are those of the solar day.
public struct Habits: Hashable, Sendable {
  /// When cars come and go, and what they used meanwhile, Wh.
  public var carArrives = 17.4
  public var carLeaves = 7.2
  public var carUses = 9000.0
  /// What a car's battery holds, Wh.
  public var carCapacity = 60_000.0
  /// Of the building behind the heat pumps, W of heat for each kelvin below 16 °C (and above 24 °C where it cools).
  public var heatLoss = 180.0
  public var cools = false
  /// Share of the time in which a load behind a relay asks for power by itself.
  public var loadShare = 0.25
  /// W of a house in which nothing runs.
  public var standby = 190.0
  /// Added to what the household takes, W, in these hours.
  public var evening: (hours: Range<Double>, power: Double)? {
    get { eveningHours.map { ($0, eveningPower) } }
    set {
      eveningHours = newValue?.hours
      eveningPower = newValue?.power ?? 0
    }
  }
  private var eveningHours: Range<Double>?
  private var eveningPower = 0.0

  public init() {}
}

/// What comes from outside during one step.
public struct Circumstances: Sendable {
  /// Whether the connection to the grid carries power.
  public var isGridPresent = true
  /// Contacts that somebody outside holds in their active state.
  public var activeContacts: Set<DeviceID> = []
  public var orders = StandingOrders()
  /// Added to the outdoor temperature, K.
  public var warmer = 0.0
  /// Forced instead of the household, W.
  public var household: Double?
  /// Forced instead of the sky: the share of the installed peak that the strings could deliver, 0...1.
  public var sun: Double?
  /// Forced: every relay's load and every car asks for all it may have.
  public var isEverythingAsking = false
  /// What a battery's management unit reports as alarms.
  public var alarms: [DeviceID: Double] = [:]

  public init() {}
}
