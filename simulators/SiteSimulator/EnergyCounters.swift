/// Energies since the start, Wh, each the integral of a power of ``Truth``.
public struct EnergyCounters: Hashable, Sendable {
  /// At the grid connection: of the three phases together, and of each phase by itself.
  public var gridImport = 0.0
  public var gridExport = 0.0
  public var phaseImport = PhaseValues.zero
  public var phaseExport = PhaseValues.zero
  /// AC that the inverter fed into the busbar, and that it took from it.
  public var inverterProduced = 0.0
  public var inverterAbsorbed = 0.0
  public var load = 0.0
  public var pv = 0.0
  public var charged = 0.0
  public var discharged = 0.0
  public var losses = 0.0

  public init() {}

  /// Adds `hours` at the present powers.
  mutating func add(_ truth: Truth, hours: Double) {
    let grid = truth.grid.total
    gridImport += max(0, grid) * hours
    gridExport += max(0, -grid) * hours
    phaseImport += truth.grid.map { max(0, $0) * hours }
    phaseExport += truth.grid.map { max(0, -$0) * hours }
    let inverter = truth.inverter.total
    inverterProduced += max(0, inverter) * hours
    inverterAbsorbed += max(0, -inverter) * hours
    load += truth.load.total * hours
    pv += truth.pv * hours
    charged += max(0, -truth.battery) * hours
    discharged += max(0, truth.battery) * hours
    losses += truth.losses * hours
  }
}
