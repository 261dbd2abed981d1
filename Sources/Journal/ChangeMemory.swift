import EnergyModel

/// What a log that records on change has last recorded of one device.
struct ChangeMemory: Sendable {
  private struct Last {
    var scaled: Int64?
    var quality: Quality
    var at: MonotonicInstant
  }

  /// Most sets of points that records of one device are made of: each is kept in the database for ever.
  static let mostShapes = 64

  private var last: [Point: Last] = [:]
  private var shapes: Set<[Point]>

  /// - Parameter shapes: sets of points that the database knows of this device.
  init(shapes: Set<[Point]>) { self.shapes = shapes }

  /// What is worth recording of these readings: what changed, and what is due.
  mutating func pick(
    _ readings: [Reading], at now: MonotonicInstant, deadBand: Double, atLeastEvery longest: Duration
  ) -> [Reading] {
    let changed = readings.filter { isWorth($0, at: now, deadBand, longest) }
    let picked = changed.isEmpty ? [] : inKnownShape(changed, of: readings)
    for reading in picked {
      let code = ReadingCode(reading)
      last[reading.point] = Last(scaled: ReadingCode.scaled(reading), quality: code.quality, at: now)
    }
    return picked
  }

  private func isWorth(_ reading: Reading, at now: MonotonicInstant, _ band: Double, _ longest: Duration) -> Bool {
    guard let last = last[reading.point] else { return true }
    if now - last.at >= longest || ReadingCode(reading).quality != last.quality { return true }
    let scaled = ReadingCode.scaled(reading)
    guard let old = last.scaled, let scaled, let value = reading.value else { return scaled != last.scaled }
    // What would be recorded as the same value is no change, however small the band.
    guard scaled != old else { return false }
    let step = reading.point.resolution
    return (value - ReadingCode.value(old, of: reading.point)).magnitude > band + step * 1e-6
  }

  /// The readings themselves while there is room for another set of points, else the smallest known set that
  /// holds them; all that was read always will do.
  private mutating func inKnownShape(_ changed: [Reading], of readings: [Reading]) -> [Reading] {
    let points = changed.map(\.point)
    guard changed.count < readings.count, !shapes.contains(points) else { return changed }
    guard shapes.count >= Self.mostShapes else {
      shapes.insert(points)
      return changed
    }
    let present = Dictionary(readings.map { ($0.point, $0) }, uniquingKeysWith: { $1 })
    let wider = shapes.filter { shape in
      shape.count < readings.count && shape.allSatisfy { present[$0] != nil } && points.allSatisfy(shape.contains)
    }
    let best = wider.min { ($0.count, $0.map(\.rawValue).joined()) < ($1.count, $1.map(\.rawValue).joined()) }
    return best.map { $0.compactMap { present[$0] } } ?? readings
  }
}
