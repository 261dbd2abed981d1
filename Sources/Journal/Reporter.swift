import EnergyModel

/// Turns the samples that come into those that a log records, by its choice. A commit works on a copy, which
/// becomes true only once the commit is on the disk: what failed is reported again, from the same samples.
///
/// Its memory is bounded by devices and points; how long the agent runs does not matter.
struct Reporter: Sendable {
  private struct Key: Hashable {
    var device: DeviceID
    var manner: Int
  }

  private let manners: [ReportingChoice.Manner]
  private let mannerOf: [Point: Int]
  private let started: Moment
  /// Everything is recorded as it comes.
  let isVerbatim: Bool
  private var intervals: [Key: IntervalMeans] = [:]
  private var memories: [Key: ChangeMemory] = [:]
  private var shapes: [DeviceID: Set<[Point]>] = [:]

  /// - Parameter started: when reporting began; nothing before it is covered by what comes.
  init(_ choice: ReportingChoice, started: Moment) {
    var manners: [ReportingChoice.Manner] = []
    var mannerOf: [Point: Int] = [:]
    // By rules, whose order is that of the records of one moment.
    for rule in choice.rules {
      let points = rule.points.filter { mannerOf[$0] == nil }
      guard !points.isEmpty else { continue }
      let index = manners.firstIndex(of: rule.manner) ?? manners.count
      if index == manners.count { manners.append(rule.manner) }
      for point in points { mannerOf[point] = index }
    }
    self.manners = manners
    self.mannerOf = mannerOf
    self.started = started
    isVerbatim = manners == [.raw] && mannerOf.count == Point.allCases.count
  }

  /// The records that this sample makes, or that it ends.
  mutating func take(_ sample: Sample) -> [Sample] {
    if isVerbatim { return [sample] }
    var ended: [Sample] = []
    var made: [Sample] = []
    for (number, manner) in manners.enumerated() {
      let readings = sample.readings.filter { mannerOf[$0.point] == number }
      guard !readings.isEmpty else { continue }
      let key = Key(device: sample.device, manner: number)
      switch manner {
      case .raw: made.append(Sample(device: sample.device, measured: sample.measured, readings: readings))
      case .average(let length):
        let fresh = IntervalMeans(device: sample.device, over: length, started: started)
        if let record = intervals[key, default: fresh].add(readings, at: sample.measured) { ended.append(record) }
      case .onChange(let band, let longest):
        let fresh = ChangeMemory(shapes: shapes[sample.device] ?? [])
        let changed = memories[key, default: fresh]
          .pick(readings, at: sample.measured.monotonic, deadBand: band, atLeastEvery: longest)
        if !changed.isEmpty {
          made.append(Sample(device: sample.device, measured: sample.measured, readings: changed))
        }
      }
    }
    return ended + made
  }

  /// The records of intervals whose end has passed although nothing came after it.
  mutating func due(at now: MonotonicInstant) -> [Sample] { close { $0.due(at: now) } }

  /// The records of intervals that end before their time, because reporting ends.
  mutating func flush(at now: Moment) -> [Sample] { close { $0.flush(at: now) } }

  func isDue(at now: MonotonicInstant) -> Bool { intervals.values.contains { $0.isDue(at: now) } }

  /// The records of intervals that are open, as far as they have come.
  var pending: [Sample] {
    var reporter = self
    return reporter.close { $0.pending }
  }

  /// What comes goes into another log: nothing was recorded in it yet. What waits for the end of its interval
  /// goes there too.
  mutating func beginLog(shapes: [DeviceID: Set<[Point]>]) {
    memories = [:]
    self.shapes = shapes
  }

  private mutating func close(_ end: (inout IntervalMeans) -> Sample?) -> [Sample] {
    guard !intervals.isEmpty else { return [] }
    var records: [Sample] = []
    for key in intervals.keys.sorted(by: { ($0.device, $0.manner) < ($1.device, $1.manner) }) {
      guard var means = intervals[key], let record = end(&means) else { continue }
      intervals[key] = means
      records.append(record)
    }
    return records.sorted { ($0.measured.wall, $0.device) < ($1.measured.wall, $1.device) }
  }
}
