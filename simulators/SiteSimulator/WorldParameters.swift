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
