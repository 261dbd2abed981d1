import EnergyModel

extension SegmentTable {
  /// Forgets acknowledgements of a front until no more than `most` ranges are left: a receiver that never
  /// acknowledges what lies between must not make memory and file grow. That costs sending again.
  ///
  /// The first range stays, and the last, which live data extends. Of those between the smallest go, the oldest
  /// first, and what is no longer held only where nothing else is left.
  /// - Returns: of what was forgotten, the parts that are not held. Nobody can tell any more that they had arrived before
  ///   they were let go.
  func forget(beyond most: Int, in front: inout Ledger.Front, of log: Int64) throws -> [SequenceRange] {
    let ranges = front.acknowledged.ranges
    guard ranges.count > most else { return [] }
    // Some more, so that not every message looks for them.
    let wanted = ranges.count - most + most / 16
    var forgotten: Set<SequenceRange> = []
    var released: [SequenceRange] = []
    for range in ranges.dropFirst().dropLast().sorted(by: { ($0.count, $0.first) < ($1.count, $1.first) }) {
      guard forgotten.count < wanted else { break }
      let held = try records(log, in: range)
      if held == range.count {
        forgotten.insert(range)
        front.backlog += held
      } else {
        released.append(range)
      }
    }
    var gone: [SequenceRange] = []
    for range in released.prefix(max(0, ranges.count - most - forgotten.count)) {
      forgotten.insert(range)
      front.backlog += try records(log, in: range)
      gone += try holes(log, in: range, limit: .max)
    }
    front.acknowledged = SequenceRangeSet(ranges.filter { !forgotten.contains($0) })
    return gone
  }
}
