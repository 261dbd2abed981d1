import EnergyModel

/// Coarser samples that stand for many: one record for each device and interval, aligned with UTC.
enum Thinning {
  /// How long the intervals are.
  enum Grain: CaseIterable, Hashable, Sendable {
    case minutes, quarters

    var milliseconds: Int64 { self == .minutes ? 60_000 : 900_000 }
    var format: SegmentFormat { self == .minutes ? .thinnedToMinutes : .thinnedToQuarters }

    /// Whether segments of this format become coarser by it.
    func thins(_ format: SegmentFormat?) -> Bool {
      switch format?.content {
      case .samples: self == .minutes
      case .minutes: self == .quarters
      case .quarters, .entries, nil: false
      }
    }

    /// When the interval ends that holds `time`. The end belongs to it: an average carries it as its time, and
    /// a counter read at the stroke of the quarter hour is the last of that quarter.
    func end(of time: Timestamp) -> Timestamp {
      let into = time.milliseconds % milliseconds
      guard into != 0 else { return time }
      return Timestamp(milliseconds: time.milliseconds &- into &+ (into > 0 ? milliseconds : 0))
    }
  }

  /// Names a record of the outcome.
  struct Slot: Hashable, Sendable {
    var end: Timestamp
    var device: DeviceID

    init(_ sample: Sample, _ grain: Grain) {
      end = grain.end(of: sample.measured.wall)
      device = sample.device
    }
  }

  /// What stands for each interval, see ``Point/summary``: the mean of the good readings, or the last reading that
  /// has a value, with its quality. An interval that the samples do not cover from end to end is as short as
  /// they are. What stands for such an interval already, or alone in one, stays as it is.
  /// - Parameters:
  ///   - samples: in the order they were recorded in.
  ///   - kept: records of these points stay as they are.
  static func thin(_ samples: [Sample], to grain: Grain, keeping kept: Set<Point> = []) -> [Sample] {
    let fine = samples.filter { isFine($0, grain, kept) }
    var members: [Slot: [Sample]] = [:]
    for sample in fine { members[Slot(sample, grain), default: []].append(sample) }
    let begin = fine.map { $0.measured.wall - ($0.span ?? .zero) }.min()
    let end = fine.map(\.measured.wall).max()
    var thinned = samples.filter { !isFine($0, grain, kept) }
    for (slot, members) in members {
      guard let begin, let end, members.count > 1 else {
        thinned += members
        continue
      }
      let from = max(begin, slot.end - .milliseconds(grain.milliseconds))
      thinned.append(summary(of: members, from: from, to: min(end, slot.end)))
    }
    return thinned.sorted { a, b in
      (a.measured.wall, a.device, a.readings.count) < (b.measured.wall, b.device, b.readings.count)
    }
  }

  /// A record has readings of one rule only, so that one of them tells.
  static func isFine(_ sample: Sample, _ grain: Grain, _ kept: Set<Point>) -> Bool {
    (sample.span ?? .zero) < .milliseconds(grain.milliseconds)
      && !(sample.readings.first.map { kept.contains($0.point) } ?? false)
  }

  private static func summary(of samples: [Sample], from: Timestamp, to: Timestamp) -> Sample {
    var columns: [Column] = []
    for sample in samples {
      // A reading of a moment counts as much as the mean of a second.
      let weight = Double(sample.span?.milliseconds ?? 1000)
      for (index, reading) in sample.readings.enumerated() {
        // Nearly always the samples of a device tell the same points in the same order.
        let isUsual = index < columns.count && columns[index].last.point == reading.point
        if let known = isUsual ? index : columns.firstIndex(where: { $0.last.point == reading.point }) {
          columns[known].add(reading, weight)
        } else {
          columns.append(Column(reading, weight))
        }
      }
    }
    // Always in the same order, so that few different shapes come of it.
    let readings = columns.map(\.summary).sorted { place[$0.point, default: 0] < place[$1.point, default: 0] }
    let moment = Moment(
      wall: to, monotonic: MonotonicInstant(nanoseconds: 0),
      isClockTrusted: samples.allSatisfy(\.measured.isClockTrusted))
    return Sample(device: samples[0].device, measured: moment, readings: readings, span: from < to ? to - from : nil)
  }

  private static let place = Dictionary(uniqueKeysWithValues: Point.allCases.enumerated().map { ($1, $0) })

  /// The readings of one point in one interval.
  private struct Column {
    private(set) var last: Reading
    private var sum = 0.0
    private var weight = 0.0

    init(_ reading: Reading, _ weight: Double) {
      last = reading
      add(reading, weight)
    }

    mutating func add(_ reading: Reading, _ more: Double) {
      if reading.value != nil || last.value == nil { last = reading }
      guard reading.quality == .good, let value = reading.value else { return }
      sum += value * more
      weight += more
    }

    var summary: Reading {
      last.point.summary == .mean && weight > 0 ? Reading(last.point, sum / weight) : last
    }
  }
}
