import EnergyModel

/// A log of a site.
struct LogKey: Hashable, Comparable, Sendable {
  var site: String
  var epoch: Epoch

  static func < (a: LogKey, b: LogKey) -> Bool { (a.site, a.epoch) < (b.site, b.epoch) }
}

/// What is in the database and not acknowledged yet. Acknowledgements are gathered: one message for each log at
/// most once an interval, or earlier when many messages have come.
///
/// An acknowledgement that is lost on the way needs no care here: the site sends its segments again, and
/// what comes again is acknowledged again.
struct AckBook: Sendable {
  /// More ranges than this a site may refuse; the rest goes with the next message.
  static let longest = 256

  let interval: Duration
  let messages: Int
  private var waiting: [LogKey: SequenceRangeSet] = [:]
  private var waitingMessages = 0
  private var last: MonotonicInstant?

  init(every interval: Duration, after messages: Int) {
    self.interval = interval
    self.messages = messages
  }

  /// The transaction with this range is committed. Joined with its neighbours, it repairs what got lost before.
  mutating func committed(_ range: SequenceRange, of log: LogKey) {
    waiting[log, default: SequenceRangeSet()].insert(range)
    waitingMessages += 1
  }

  func isDue(at now: MonotonicInstant) -> Bool {
    guard !waiting.isEmpty else { return false }
    return waitingMessages >= messages || last.map { now - $0 >= interval } ?? true
  }

  /// Takes what may go into one message for each log.
  mutating func take(at now: MonotonicInstant) -> [(log: LogKey, ranges: [SequenceRange])] {
    let taken = waiting.sorted { $0.key < $1.key }.map { ($0.key, Array($0.value.ranges.prefix(Self.longest))) }
    for (log, ranges) in taken {
      let rest = waiting[log]?.without(SequenceRangeSet(ranges)) ?? SequenceRangeSet()
      waiting[log] = rest.isEmpty ? nil : rest
    }
    waitingMessages = 0
    last = now
    return taken
  }

  /// The link did not take it: it goes another time.
  mutating func putBack(_ ranges: [SequenceRange], of log: LogKey) {
    for range in ranges { waiting[log, default: SequenceRangeSet()].insert(range) }
  }
}
