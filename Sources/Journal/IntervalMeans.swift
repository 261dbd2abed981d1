import EnergyModel

/// What stands for one device's readings over intervals of one length, aligned with UTC.
///
/// Which interval a reading belongs to is a matter of the wall clock; when the interval has to be closed although
/// nothing comes is one of the monotonic clock, so that a clock which is set holds nothing open.
struct IntervalMeans: Sendable {
  /// After the end of an interval, for what is still under way.
  static let patience = Duration.seconds(2)

  private struct Tally {
    var point: Point
    var sum = 0.0
    var last = 0.0
    var good = 0
    var total = 0
    var remark = Quality.good
  }

  private struct Interval {
    /// Aligned; what is covered of it begins at `begin`.
    var start: Timestamp
    var begin: Timestamp
    var end: Timestamp
    var monotonicEnd: MonotonicInstant
    var latest: Moment
    var isClockTrusted = true
    var tallies: [Tally] = []
  }

  private let device: DeviceID
  private let length: Int64
  private var interval: Interval?
  /// Every point that ever came.
  private var known: Set<Point> = []
  /// What comes covers nothing before this.
  private var since: MonotonicInstant
  /// Two clocks do not run quite alike; an interval that follows another is not shorter for that.
  private var slack = Duration.zero

  /// - Parameter started: when reporting began; the interval that holds it is shorter.
  init(device: DeviceID, over interval: Duration, started: Moment) {
    self.device = device
    length = max(1, interval.milliseconds)
    since = started.monotonic
  }

  /// The record of the open interval if nothing came any more: as short as what it covers. Points that have come in
  /// earlier intervals and not yet in this one stand there without a value and without a remark: each set of points
  /// is kept in the database for ever, and there would be many.
  var pending: Sample? {
    var means = self
    guard let interval, var sample = means.flush(at: interval.latest) else { return nil }
    let told = Set(sample.readings.map(\.point))
    sample.readings += known.subtracting(told).map { Reading($0, quality: .good) }
    sample.readings.sort { $0.point.place < $1.point.place }
    return sample
  }

  /// - Returns: the record of the interval that these readings end, being of another.
  mutating func add(_ readings: [Reading], at moment: Moment) -> Sample? {
    let time = moment.wall.milliseconds
    let start = Timestamp(milliseconds: time - ((time % length) + length) % length)
    var record: Sample?
    if let interval, interval.start != start {
      // A clock that was set ends it before its time.
      let isEarly = moment.monotonic + .seconds(1) < interval.monotonicEnd
      record = isEarly ? flush(at: interval.latest) : close()
    }
    var interval = interval ?? begin(start, moment)
    interval.latest = moment
    interval.isClockTrusted = interval.isClockTrusted && moment.isClockTrusted
    for reading in readings {
      Self.count(reading, in: &interval.tallies)
      known.insert(reading.point)
    }
    self.interval = interval
    return record
  }

  func isDue(at now: MonotonicInstant) -> Bool {
    interval.map { $0.monotonicEnd + Self.patience <= now } ?? false
  }

  /// The record of an interval that nothing came after.
  mutating func due(at now: MonotonicInstant) -> Sample? { isDue(at: now) ? close() : nil }

  /// Ends the interval before its time, because reporting ends.
  mutating func flush(at now: Moment) -> Sample? {
    guard let open = interval else { return nil }
    guard now.monotonic < open.monotonicEnd else { return close() }
    interval?.end = min(open.end, max(now.wall, open.latest.wall))
    return close(coveredUntil: now.monotonic)
  }

  private func begin(_ start: Timestamp, _ moment: Moment) -> Interval {
    // Told by the clock that holds now, so that setting it in between makes no span that nothing covers.
    let covered = min(moment.wall, moment.wall - (moment.monotonic - since))
    let end = start + .milliseconds(length)
    return Interval(
      start: start, begin: covered - start > slack ? covered : start, end: end,
      monotonicEnd: moment.monotonic + (end - moment.wall), latest: moment)
  }

  private mutating func close(coveredUntil end: MonotonicInstant? = nil) -> Sample? {
    guard let interval else { return nil }
    self.interval = nil
    since = end ?? interval.monotonicEnd
    slack = .seconds(1)
    let order = interval.tallies.sorted { $0.point.place < $1.point.place }
    return Sample(
      device: device,
      measured: Moment(
        wall: interval.end, monotonic: interval.monotonicEnd, isClockTrusted: interval.isClockTrusted),
      readings: order.map(Self.reading), span: max(.milliseconds(1), interval.end - interval.begin))
  }

  private static func count(_ reading: Reading, in tallies: inout [Tally]) {
    let index = tallies.firstIndex { $0.point == reading.point } ?? tallies.count
    if index == tallies.count { tallies.append(Tally(point: reading.point)) }
    tallies[index].total += 1
    if reading.quality == .good, let value = reading.value, value.isFinite {
      tallies[index].good += 1
      tallies[index].sum += value
      tallies[index].last = value
    } else {
      // A good value that is no number cannot be true.
      tallies[index].remark = reading.quality == .good ? .outOfRange : reading.quality
    }
  }

  /// At least half of the readings have to be good, or nothing can be said about the interval.
  private static func reading(_ tally: Tally) -> Reading {
    guard tally.good > 0, 2 * tally.good >= tally.total else { return Reading(tally.point, quality: tally.remark) }
    switch tally.point.summary {
    case .mean: return Reading(tally.point, tally.sum / Double(tally.good))
    case .last: return Reading(tally.point, tally.last)
    }
  }
}

extension Point {
  private static let places = Dictionary(uniqueKeysWithValues: zip(allCases, allCases.indices))

  /// In the order of the vocabulary, so that the same points are always told in the same order.
  fileprivate var place: Int { Self.places[self] ?? 0 }
}
