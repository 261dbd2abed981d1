public import EnergyModel

/// What really happens at the site; what the devices report is a late and rounded copy of it. Signs as in
/// ``EnergyModel/Quantity``: powers in W, energies in Wh since the start.
///
/// Holds at every step: `grid + inverter = load`, in total and on each phase, and
/// `inverter = pv + battery − losses`.
public struct Truth: Hashable, Sendable {
  /// Calendar time of the world.
  public var time: Timestamp
  /// At the grid connection, import positive.
  public var grid = PhaseValues.zero
  /// Reactive power at the grid connection, var.
  public var reactive = PhaseValues.zero
  /// AC of the inverter, into the busbar positive.
  public var inverter = PhaseValues.zero
  /// All consumers: household, boiler, car and heat pump.
  public var load = PhaseValues.zero
  /// Of it what nothing switches, the boiler, the car and the heat pump.
  public var household = PhaseValues.zero
  public var boiler = 0.0
  public var car = CarCondition()
  public var heatPump = HeatPumpCondition()
  /// DC of both strings, and what they could deliver but were not let.
  public var pv = 0.0
  public var strings = StringPair(first: StringCondition(), second: StringCondition())
  public var curtailed = 0.0
  /// DC of the battery, discharge positive.
  public var battery = 0.0
  public var losses = 0.0
  public var batteryCondition = BatteryCondition()
  /// Phase to neutral, V, and Hz.
  public var voltage = PhaseValues(231, 231, 231)
  public var frequency = 50.0
  /// °C.
  public var outdoorTemperature = 0.0
  public var energy = EnergyCounters()
  /// Limits that a timer released, and writes that the inverter carried out.
  public var reversions = 0
  public var writes = 0

  public init(time: Timestamp) { self.time = time }
}

/// One string: DC W and V, and the energy since the start, Wh.
public struct StringCondition: Hashable, Sendable {
  public var power = 0.0
  public var voltage = 0.0
  public var energy = 0.0

  public init() {}
}

/// The two strings of a hybrid.
public struct StringPair: Hashable, Sendable {
  public var first: StringCondition
  public var second: StringCondition
}

/// What the battery's management unit knows.
public struct BatteryCondition: Hashable, Sendable {
  /// %.
  public var soc = 0.0
  /// °C.
  public var temperature = 0.0
  /// At the terminals, V and A; discharge positive.
  public var voltage = 0.0
  public var current = 0.0
  /// V.
  public var cellMaximum = 0.0
  public var cellMinimum = 0.0
  /// Full cycles.
  public var cycles = 0.0
  /// What it would take and give at this moment, W ≥ 0.
  public var chargeMax = 0.0
  public var dischargeMax = 0.0

  public init() {}

  init(_ battery: Battery, reserve: Double) {
    soc = battery.soc
    temperature = battery.temperature
    voltage = battery.voltage
    current = battery.current
    cellMaximum = battery.cellVoltages.upperBound
    cellMinimum = battery.cellVoltages.lowerBound
    cycles = battery.cycles
    chargeMax = battery.chargeCapability
    dischargeMax = battery.dischargeCapability(reserve: reserve)
  }
}
