import EnergyModel

/// Collects readings by minute until the minute is over. Pure: time comes with the readings and with the calls.
struct HistoryBuilder: Sendable {
  static let minute: Int64 = 60_000
  /// How long after its end a minute is closed, so that what was measured in it has arrived.
  static let grace: Int64 = 2000
  /// A clock that moves by more than this against the monotonic one was set.
  private static let slip: Int64 = 1000

  /// By the beginning of the minute, UTC milliseconds.
  private(set) var open: [Int64: HistoryRow] = [:]
  /// Open minutes that stand for all that is on the disk of that minute, so that a row there is replaced.
  private(set) var rebuilt: Set<Int64> = []
  /// Minutes of which something is missing.
  private var cuts: Set<Int64> = []
  private var layout = HistoryRow()
  private var last: Moment

  /// - Parameter start: since when readings are collected. The minute that it cuts is partial.
  init(start: Moment) {
    last = start
    let minute = Self.minute(of: start.wall)
    if start.isClockTrusted && minute != start.wall.milliseconds { cuts.insert(minute) }
  }

  static func minute(of time: Timestamp) -> Int64 { begin(of: time.milliseconds, minute) }

  /// The beginning of the interval of `length` ms that holds `time`.
  static func begin(of time: Int64, _ length: Int64) -> Int64 {
    time - (time % length + length) % length
  }

  /// Takes a sample that was just measured. One whose clock nobody vouches for is left out: it may say 1970.
  mutating func add(_ sample: Sample) {
    let moment = sample.measured
    if !isContinuous(with: moment) {
      // The minute that was left and the one that was entered both lack a part.
      if last.isClockTrusted { cuts.insert(Self.minute(of: last.wall)) }
      if moment.isClockTrusted { cuts.insert(Self.minute(of: moment.wall)) }
    }
    last = moment
    guard moment.isClockTrusted else { return }
    let minute = Self.minute(of: moment.wall)
    open[minute, default: layout].add(sample)
  }

  /// Readings of these times were lost.
  mutating func cut(from: Timestamp, to: Timestamp) {
    let lost = Self.minute(of: from)...max(Self.minute(of: from), Self.minute(of: to))
    cuts.formUnion(open.keys.filter(lost.contains) + [lost.lowerBound, lost.upperBound])
  }

  /// Takes over a minute that was rebuilt from a log.
  mutating func adopt(_ row: HistoryRow, minute: Int64) {
    open[minute] = row
    rebuilt.insert(minute)
    if row.isPartial { cuts.insert(minute) }
  }

  /// Whether ``take(at:isLast:)`` would return something.
  func isDue(at now: Timestamp) -> Bool { open.keys.contains { isOver($0, at: now.milliseconds) } }

  /// Hands over the minutes that are over, in order of time; with `isLast` all of them.
  mutating func take(at now: Timestamp, isLast: Bool) -> [(minute: Int64, row: HistoryRow)] {
    let now = now.milliseconds
    var taken: [(minute: Int64, row: HistoryRow)] = []
    for minute in open.keys.sorted() where isLast || isOver(minute, at: now) {
      guard var row = open.removeValue(forKey: minute) else { continue }
      if minute >= taken.last?.minute ?? .min { layout = row.emptied }
      row.isPartial = row.isPartial || cuts.contains(minute) || now < minute + Self.minute
      taken.append((minute, row))
    }
    cuts = cuts.filter { open[$0] != nil || ($0 <= now && now < $0 + Self.minute + Self.grace) }
    return taken
  }

  /// Forgets that these minutes were rebuilt: they are on the disk.
  mutating func settle(_ minute: Int64) { rebuilt.remove(minute) }

  /// A minute of the future was left by a clock that was set back, and does not go on.
  private func isOver(_ minute: Int64, at now: Int64) -> Bool {
    minute + Self.minute + Self.grace <= now || minute > now
  }

  private func isContinuous(with moment: Moment) -> Bool {
    let wall = moment.wall.milliseconds &- last.wall.milliseconds
    let monotonic = (moment.monotonic.nanoseconds - last.monotonic.nanoseconds) / 1_000_000
    return moment.isClockTrusted == last.isClockTrusted && abs(wall - monotonic) <= Self.slip
  }
}
