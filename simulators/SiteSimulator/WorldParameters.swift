/// What a simulated site is like. Powers in W, energies in Wh, angles in degrees, shares in percent.
public struct WorldParameters: Hashable, Sendable {
  /// North positive.
  public var latitude = 52.52
  /// East positive.
  public var longitude = 13.40
  /// Mean share of the sky that clouds cover, 0...1; 0 is a clear sky.
  public var cloudCover = 0.6
  /// Exactly two: a hybrid with two trackers.
  public var strings: (PVString, PVString) { (first, second) }
  private var first = PVString(peak: 4900, tilt: 35, azimuth: 170)
  private var second = PVString(peak: 4900, tilt: 35, azimuth: 190)
  public var inverter = InverterParameters()
  public var battery = BatteryParameters()
  public var household = HouseholdParameters()
  /// Nil is a site without.
  public var wallBox: WallBoxParameters?
  public var heatPump: HeatPumpParameters?
  /// Contacts of the relay board, at least 3; see ``SiteWorld/relays``.
  public var relays = 8

  public init() {}

  /// Both strings together; the two are half each and look 10° to either side of south.
  public var peak: Double {
    get { first.peak + second.peak }
    set {
      first.peak = newValue / 2
      second.peak = newValue / 2
    }
  }

  /// Gives each tracker a string of its own.
  public mutating func setStrings(_ first: PVString, _ second: PVString) {
    self.first = first
    self.second = second
  }
}

/// The hybrid inverter.
public struct InverterParameters: Hashable, Sendable {
  /// AC rating in both directions, W. Charging from the inverter's own strings bypasses it.
  public var rating = 10_000.0
  /// The installer's setting: most that may be fed into the grid, W; it lives in the inverter and
  /// outlasts every controller. Nil is no cap.
  public var exportCap: Double?
  /// Time constant with which battery power follows its target, s.
  public var batteryLag = 1.0
  /// Time constant with which the AC ceiling follows its limits, s.
  public var ceilingLag = 0.6
  /// Time constant of the inverter's own sensor at the grid connection, s.
  public var sensorLag = 0.4
  /// Own consumption, W.
  public var standby = 14.0
  /// Losses as a share of the power through the trackers, the battery stage and the bridge.
  public var trackerLoss = 0.005
  public var batteryStageLoss = 0.012
  public var bridgeLoss = 0.018

  public init() {}
}

/// The battery behind it.
public struct BatteryParameters: Hashable, Sendable {
  /// Usable capacity, Wh.
  public var capacity = 10_200.0
  /// Most DC power, W.
  public var chargeMax = 6000.0
  public var dischargeMax = 6000.0
  /// Between cells and terminals, each way, 0...1.
  public var chargeEfficiency = 0.975
  public var dischargeEfficiency = 0.975
  /// What its management unit takes from the cells, W.
  public var standby = 4.0
  /// State of charge at the start, %.
  public var soc = 55.0
  /// Below this the management unit allows no discharge, %.
  public var floor = 5.0
  /// Cells in series, for the voltage.
  public var cells = 128
  /// Where it stands, °C.
  public var ambient = 14.0

  public init() {}
}

/// A wall box and the car that belongs to it.
public struct WallBoxParameters: Hashable, Sendable {
  public var serial: UInt32 = 18_416_854
  /// What the installer set, A on each phase.
  public var rating = 16.0
  /// The grid's phase, 1...3, that each of its own hangs on; the car charges on all of them.
  public var phases = [2, 3, 1]
  /// The car's battery, Wh and %.
  public var capacity = 58_000.0
  public var soc = 45.0
  /// The most the car draws on each phase, A.
  public var mostCurrent = 16.0
  /// Solar hours of the day.
  public var arrival = 17.0
  public var departure = 7.5
  /// What a day away takes, % of the battery.
  public var trip = 25.0

  public init() {}
}

/// A heat pump with SG-Ready contacts, which takes the place of the household's own.
public struct HeatPumpParameters: Hashable, Sendable {
  /// Electrical power of compressor and heating rod, W.
  public var compressor = 2500.0
  public var rod = 2000.0
  /// Heat that the building loses for each kelvin below 16 °C outside, W/K, and that hot water takes, W.
  public var heatLoss = 170.0
  public var hotWater = 250.0
  /// Litres, and °C at the start.
  public var store = 500.0
  public var storeTemperature = 46.0

  public init() {}
}

/// The household and what is switched in it.
public struct HouseholdParameters: Hashable, Sendable {
  /// What the house always takes, W.
  public var standby = 190.0
  /// Heat the building loses for each kelvin below 16 °C outside, W/K; 0 is a house without heat pump.
  public var heatLoss = 170.0
  /// Rating of the boiler behind the relay, W.
  public var boiler = 3000.0

  public init() {}
}
