/// The car and its wall box.
public struct CarCondition: Hashable, Sendable {
  /// W on the grid's phases.
  public var power = PhaseValues.zero
  /// A on each of its own.
  public var current = 0.0
  public var isHere = false
  /// %.
  public var soc = 0.0
  /// What the wall box offers it, A.
  public var offered = 0.0
  /// Wh since the start.
  public var energy = 0.0
  /// How often the watchdog ran out, and writes that the box carried out.
  public var reversions = 0
  public var writes = 0

  public init() {}
}

/// A heat pump with SG-Ready contacts.
public struct HeatPumpCondition: Hashable, Sendable {
  /// Electrical, W.
  public var power = 0.0
  /// Of its store, °C.
  public var store = 0.0
  /// SG-Ready, 1 (blocked) to 4.
  public var state = 2

  public init() {}
}
