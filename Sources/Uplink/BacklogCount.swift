import EnergyModel

/// Counts the records that are committed and not acknowledged, from what the store answers anyway: a
/// range between two unacknowledged segments has arrived earlier. Exact once the backlog was looked at
/// from its front; before that, after a start, too high rather than too low.
struct BacklogCount: Sendable {
  private var arrived: [Epoch: SequenceRangeSet] = [:]

  /// The broker has these.
  mutating func arrived(_ range: SequenceRange, of epoch: Epoch) {
    arrived[epoch, default: SequenceRangeSet()].insert(range)
  }

  /// The store was asked for the oldest unacknowledged segments except `excluded`, and answered `segments`;
  /// `isAll` when there are no more. `held` is what the log held before the question.
  mutating func learn(
    _ segments: [Segment], of epoch: Epoch, held: SequenceRange?, excluding excluded: SequenceRangeSet, isAll: Bool
  ) {
    guard let held else { return }
    var known = excluded
    for segment in segments { known.insert(segment.range) }
    let end = isAll ? held.last : min(held.last, segments.last?.range.last ?? held.last)
    guard end >= held.first else { return }
    for range in known.gaps(in: SequenceRange(held.first, end)) { arrived(range, of: epoch) }
  }

  /// Records in `logs` that have not arrived. Logs that are gone are forgotten.
  mutating func records(in logs: [LogState]) -> UInt64 {
    var count: UInt64 = 0
    var kept: [Epoch: SequenceRangeSet] = [:]
    for log in logs {
      let known = arrived[log.epoch] ?? SequenceRangeSet()
      kept[log.epoch] = known
      guard let held = log.held else { continue }
      count += known.gaps(in: held).reduce(0) { $0 + $1.count }
    }
    arrived = kept
    return count
  }
}
