/// The input registers of the meter at the grid connection: float32, import positive. Addresses by
/// Eastron's SDM630 Modbus protocol, as the mbmd and evcc projects read it.
public struct MeterImage: Hashable, Sendable {
  private var values: [Int: Double] = [:]
  /// Registers from 0 on that can be read at all; those without a meaning are zero.
  public static let length = 382

  /// - Parameter truth: at the moment the meter last finished a measurement.
  public init(_ truth: Truth) {
    for phase in 0..<3 {
      let (power, blind) = (truth.grid[phase], truth.reactive[phase])
      let apparent = (power * power + blind * blind).squareRoot()
      let at = 2 * phase
      values[at] = truth.voltage[phase]
      values[6 + at] = apparent / truth.voltage[phase]
      values[12 + at] = power
      values[18 + at] = apparent
      values[24 + at] = blind
      values[30 + at] = apparent > 0 ? power / apparent : 1
      values[346 + at] = (Lifetime.gridImport / 3 + truth.energy.phaseImport[phase]) / 1000
      values[352 + at] = (Lifetime.gridExport / 3 + truth.energy.phaseExport[phase]) / 1000
    }
    setTotals(truth)
  }

  private mutating func setTotals(_ truth: Truth) {
    let (power, blind) = (truth.grid.total, truth.reactive.total)
    let apparent = (power * power + blind * blind).squareRoot()
    values[42] = truth.voltage.total / 3
    values[46] = ((values[6] ?? 0) + (values[8] ?? 0) + (values[10] ?? 0)) / 3
    values[48] = (values[6] ?? 0) + (values[8] ?? 0) + (values[10] ?? 0)
    values[52] = power
    values[56] = apparent
    values[60] = blind
    values[62] = apparent > 0 ? power / apparent : 1
    values[70] = truth.frequency
    let imported = (Lifetime.gridImport + truth.energy.gridImport) / 1000
    let exported = (Lifetime.gridExport + truth.energy.gridExport) / 1000
    values[72] = imported
    values[74] = exported
    values[342] = imported + exported
  }

  /// Another meter of the same kind, which sees a fixed share of every current: powers, currents and energies
  /// are that part, voltages, factors and the frequency the same. Shares differ by the unit, so that two devices
  /// never tell the same.
  /// - Parameter unit: 2...247.
  public func ofFurtherMeter(unit: Int) -> MeterImage {
    var image = self
    let share = 0.2 + 0.003 * Double(unit)
    for (address, value) in values where !Self.sharedAddresses.contains(address) {
      image.values[address] = value * share
    }
    return image
  }

  /// Voltages, power factors, frequency.
  private static let sharedAddresses: Set = [0, 2, 4, 30, 32, 34, 42, 62, 70]

  public var registers: [UInt16] {
    var writer = RegisterWriter(capacity: Self.length)
    for address in stride(from: 0, to: Self.length, by: 2) { writer.float(values[address] ?? 0) }
    return writer.registers
  }
}
