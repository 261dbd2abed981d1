import EnergyModel

/// Values that the device tells and that cannot be true: a register pair read with its words shifted, a spike, a counter
/// that falls. They are marked, never stored as truth. What goes on to be told is believed: a jump with its second
/// sample, a counter's reset with its third. A counter that rolls over is no reset: what it tells next is believed at once.
///
/// A real jump of that size (a large load switched on between two polls) is believed one poll later.
struct Plausibility: Sendable {
  fileprivate struct Memory: Sendable {
    var value = 0.0
    var at: MonotonicInstant?
    /// What was marked last, and how often in a row.
    var candidate = 0.0
    var candidateAt: MonotonicInstant?
    var repetitions = 0
    /// After how much the counter begins anew.
    var rollOvers: [Double] = []
  }

  /// Older than this says nothing about what may be now.
  static let memory = Duration.seconds(60)
  /// Consistent samples until a counter that fell is taken for reset.
  static let counterSamples = 3
  /// 10 MW, as much as ``Point/plausibleRange`` allows: Wh a second.
  static let counterRate = 10e6 / 3600
  /// Counters of some meters move in steps of 10 kWh.
  static let counterStep = 10_000.0
  /// Floats whose words are exchanged are mostly far from any number that a device tells.
  static let smallest = 1e-12

  private var memories = [Memory](repeating: Memory(), count: Point.allCases.count)

  /// - Parameter rollOvers: after how much each counter begins anew (``DeviceProfile/DeviceProfile/rollOvers``).
  init(rollOvers: [Point: [Double]] = [:]) {
    for (point, spans) in rollOvers { memories[point.place].rollOvers = spans }
  }

  /// Marks in place what cannot be true.
  mutating func check(_ readings: inout [Reading], measured: MonotonicInstant) {
    for index in readings.indices {
      guard let value = readings[index].value, readings[index].quality == .good else { continue }
      let point = readings[index].point
      if value != 0, abs(value) < Self.smallest {
        readings[index] = Reading(point, quality: .outOfRange)
        continue
      }
      let isCounter = point.isCounter
      let jump = isCounter ? 0 : point.largestJump(from: 0)
      guard isCounter || jump < .infinity else { continue }
      if !memories[point.place].accepts(value, of: point, isCounter: isCounter, at: measured) {
        readings[index] = Reading(point, quality: .outOfRange)
      }
    }
  }
}

extension Plausibility.Memory {
  fileprivate mutating func accepts(
    _ new: Double, of point: Point, isCounter: Bool, at now: MonotonicInstant
  ) -> Bool {
    let isFollowing = at.map { follows(new, value, since: $0, point, isCounter, now) } ?? true
    if isFollowing { return adopt(new, now) }
    let isRepeated = candidateAt.map { follows(new, candidate, since: $0, point, isCounter, now) } ?? false
    repetitions = isRepeated ? repetitions + 1 : 1
    candidate = new
    candidateAt = now
    guard repetitions >= (isCounter ? Plausibility.counterSamples : 2) else { return false }
    return adopt(new, now)
  }

  private mutating func adopt(_ new: Double, _ now: MonotonicInstant) -> Bool {
    value = new
    at = now
    candidateAt = nil
    repetitions = 0
    return true
  }

  /// Whether a value can come after an earlier one.
  private func follows(
    _ new: Double, _ old: Double, since: MonotonicInstant, _ point: Point, _ isCounter: Bool, _ now: MonotonicInstant
  ) -> Bool {
    let passed = now - since
    // A counter stays what it was for any time; a power does not.
    if isCounter {
      let most = Plausibility.counterStep + Plausibility.counterRate * passed.seconds
      return (0...most).contains(new - old)
        || new < old && rollOvers.contains { $0 > 2 * most && (0...most).contains(new + $0 - old) }
    }
    return passed > Plausibility.memory || abs(new - old) <= point.largestJump(from: old)
  }
}

extension Point {
  /// By its place among the cases, as ``Point/hash(into:)`` does.
  fileprivate var place: Int { Int(unsafeBitCast(self, to: UInt8.self)) }

  /// How far two samples in a row may lie apart before the second one needs the word of a third. Generous: what switches
  /// in a house or a workshop passes at once; infinite where any value may follow any other.
  fileprivate func largestJump(from old: Double) -> Double {
    switch self {
    case .power, .powerL1, .powerL2, .powerL3, .reactivePower, .apparentPower, .pvPower, .pv1Power, .pv2Power,
      .batteryPower:
      50_000 + 2 * abs(old)
    case .currentL1, .currentL2, .currentL3, .batteryCurrent: 200 + 2 * abs(old)
    case .frequency: 10
    case .soc, .soh: 10
    case .temperature, .batteryTemperature: 20
    default: .infinity
    }
  }
}
