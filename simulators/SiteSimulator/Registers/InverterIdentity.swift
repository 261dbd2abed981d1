/// What the inverter says about itself in the common model.
public struct InverterIdentity: Hashable, Sendable {
  public var maker = "Holdfast"
  public var model = "Simulated Hybrid"
  public var version = "1.0"
  public var serial: String

  public init(serial: String) { self.serial = serial }
}

/// What the devices' counters showed when the world began, Wh: no device in the field is new. The meter's
/// are small enough for a float32 in kWh to tell single watt-hours apart.
enum Lifetime {
  static let inverter = 18_432_000.0
  static let string = 9_605_000.0
  static let charged = 2_310_000.0
  static let discharged = 2_160_000.0
  static let gridImport = 412_600.0
  static let gridExport = 1_187_300.0
}
