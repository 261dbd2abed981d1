public import EnergyModel

/// Whether a meter's energy counters go with its power: import rises while it imports, export while it exports.
public struct CounterCheck: Sendable {
  /// The least energy that says something, Wh.
  public static let least = 5.0

  private var first: [Point: Double] = [:]
  private var last: [Point: Double] = [:]
  private var imported = 0.0
  private var exported = 0.0
  private var previous: (at: MonotonicInstant, power: Double)?

  public init() {}

  /// Samples of one meter in the order of time. What happened in a gap of more than 10 s is not reckoned.
  public mutating func saw(_ sample: Sample) {
    guard let power = sample.good(.power) else { return }
    if let previous {
      let time = (sample.measured.monotonic - previous.at).seconds
      if time > 10 {
        for point in [Point.energyImport, .energyExport] {
          guard let value = sample.good(point), let before = last[point] else { continue }
          first[point]? += value - before
        }
      } else {
        let energy = (power + previous.power) / 2 * time / 3600
        imported += max(0, energy)
        exported += max(0, -energy)
      }
    }
    previous = (sample.measured.monotonic, power)
    for point in [Point.energyImport, .energyExport] {
      guard let value = sample.good(point) else { continue }
      first[point] = first[point] ?? value
      last[point] = value
    }
  }

  /// Nil where the meter has no counters.
  public func finding(_ meter: DeviceID) -> Finding? {
    guard let rise = risen(.energyImport), let fall = risen(.energyExport) else { return nil }
    func energy(_ value: Double) -> String { "\(JSONText.decimal(value, 1)) Wh" }
    let text =
      "import rose by \(energy(rise)) and export by \(energy(fall)) while its power made \(energy(imported)) and "
      + energy(exported)
    let isImport = imported > exported
    guard max(imported, exported) >= Self.least, max(imported, exported) > 2 * min(imported, exported) else {
      return Finding(meter, "counters", .open, "\(text): too little, or as much either way")
    }
    let (right, wrong, due) = isImport ? (rise, fall, imported) : (fall, rise, exported)
    if wrong > max(right, Self.least) { return Finding(meter, "counters", .failed, "\(text): they are exchanged") }
    // Some count whole hundredths of a kilowatt-hour.
    if abs(right - due) <= max(0.3 * due, 10.5), right > 0 || due < 10 {
      return right > 0
        ? Finding(meter, "counters", .passed, text)
        : Finding(meter, "counters", .open, "\(text): its counter is too coarse for so little")
    }
    return Finding(meter, "counters", .failed, text)
  }

  private func risen(_ point: Point) -> Double? {
    guard let first = first[point], let last = last[point] else { return nil }
    return last - first
  }
}
