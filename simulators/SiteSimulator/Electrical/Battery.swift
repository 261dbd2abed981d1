import Glibc

/// A lithium iron phosphate battery with its management unit. Power at its DC terminals: discharge
/// positive, charge negative, W.
public struct Battery: Sendable {
  /// %, 0...100.
  public private(set) var soc: Double
  /// Of the cells, °C.
  public private(set) var temperature: Double
  public private(set) var power: Double
  /// Full cycles, counted by what was discharged.
  public private(set) var cycles = 212.0
  public let parameters: BatteryParameters
  /// J/K of about 100 kg of cells, and W/K to the room.
  private static let heatCapacity = 100_000.0
  private static let heatLoss = 6.0

  /// - Parameter power: what it is giving at the start, W.
  init(parameters: BatteryParameters, power: Double = 0) {
    self.parameters = parameters
    self.power = power
    soc = min(100, max(0, parameters.soc))
    temperature = parameters.ambient + 4
  }

  /// The most it takes at this moment, W ≥ 0: tapers over the last 10 % and in the cold.
  public var chargeCapability: Double {
    guard soc < 100 else { return 0 }
    let taper = max(0.03, min(1, (100 - soc) / 10))
    let cold = min(1, max(0, temperature / 10))
    return parameters.chargeMax * taper * min(cold, heat)
  }

  /// The most it gives at this moment above `reserve` %, W ≥ 0: tapers over the last 4 %.
  public func dischargeCapability(reserve: Double) -> Double {
    let room = soc - max(parameters.floor, reserve)
    guard room > 0 else { return 0 }
    let cold = min(1, max(0.2, (temperature + 10) / 15))
    return parameters.dischargeMax * max(0.05, min(1, room / 4)) * min(cold, heat)
  }

  private var heat: Double { min(1, max(0, (55 - temperature) / 10)) }

  /// What it can do for all of the next `seconds`: a long step must not overshoot the window.
  func window(over seconds: Double, reserve: Double) -> ClosedRange<Double> {
    let hours = seconds / 3600
    let room = (100 - soc) / 100 * parameters.capacity / parameters.chargeEfficiency / hours
    let stock = max(0, soc - max(parameters.floor, reserve)) / 100 * parameters.capacity
    let lower = -min(chargeCapability, room)
    let upper = min(dischargeCapability(reserve: reserve), stock * parameters.dischargeEfficiency / hours)
    return lower...max(lower, upper)
  }

  /// Runs at `power` for `seconds`.
  mutating func step(_ seconds: Double, power: Double) {
    self.power = power
    let inside = power > 0 ? power / parameters.dischargeEfficiency : power * parameters.chargeEfficiency
    let drawn = (inside + (soc > 0 ? parameters.standby : 0)) * seconds / 3600
    soc = min(100, max(0, soc - drawn / parameters.capacity * 100))
    cycles += max(0, power) * seconds / 3600 / parameters.capacity
    let warming = abs(inside - power) - Self.heatLoss * (temperature - parameters.ambient)
    // Exact for a constant input, so that long steps stay stable.
    let share = lag(seconds, timeConstant: Self.heatCapacity / Self.heatLoss)
    temperature += warming / Self.heatLoss * share
  }

  /// Mean voltage of a cell without load, V: flat in the middle, steep at both ends.
  private var openCell: Double {
    let share = soc / 100
    return 3.22 + 0.1 * share + 0.12 * exp((share - 1) * 25) - 0.45 * exp(-share * 18)
  }

  /// At the terminals, V; 2 mΩ a cell.
  var voltage: Double {
    let open = openCell * Double(parameters.cells)
    return open - 0.002 * Double(parameters.cells) * power / open
  }

  /// A, discharge positive.
  var current: Double { power / voltage }

  /// Cells spread where the curve is steep, V.
  public var cellVoltages: ClosedRange<Double> {
    let mean = voltage / Double(parameters.cells)
    let spread = 0.003 + 0.02 * exp((soc - 100) / 4) + 0.02 * exp(-soc / 4)
    return (mean - spread)...(mean + spread)
  }
}
