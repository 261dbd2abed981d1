/// Sequence numbers `first...last` of one log, both included.
public struct SequenceRange: Hashable, Sendable {
  public var first: UInt64
  public var last: UInt64

  /// `first` must not be above `last`.
  public init(_ first: UInt64, _ last: UInt64) {
    precondition(first <= last, "a range of sequence numbers runs upwards")
    self.first = first
    self.last = last
  }

  public var count: UInt64 { last - first + 1 }
}

/// A set of sequence numbers kept as disjoint, ascending ranges that do not touch. Both the journal
/// and a receiver keep one per log: what it holds has arrived, what lies between is a gap.
public struct SequenceRangeSet: Hashable, Sendable {
  public private(set) var ranges: [SequenceRange] = []

  public init() {}

  public init(_ ranges: some Sequence<SequenceRange>) {
    for range in ranges { insert(range) }
  }

  /// Adds a range and joins it with neighbours. Returns how many numbers were new.
  @discardableResult
  public mutating func insert(_ new: SequenceRange) -> UInt64 {
    // All ranges that overlap or touch `new` are one run, because ranges are disjoint and ascending.
    let start = ranges.partitioningIndex { $0.last == .max || $0.last + 1 >= new.first }
    let end = ranges.partitioningIndex { $0.first > new.last && $0.first - new.last > 1 }
    var joined = new
    if start < end {
      joined = SequenceRange(min(new.first, ranges[start].first), max(new.last, ranges[end - 1].last))
    }
    let known = ranges[start..<max(start, end)].reduce(UInt64(0)) { sum, range in
      let (first, last) = (max(range.first, new.first), min(range.last, new.last))
      return first <= last ? sum + (last - first + 1) : sum
    }
    ranges.replaceSubrange(start..<max(start, end), with: [joined])
    return new.count - known
  }

  public func contains(_ sequence: UInt64) -> Bool {
    let index = ranges.partitioningIndex { $0.last >= sequence }
    return index < ranges.count && ranges[index].first <= sequence
  }

  public func contains(_ range: SequenceRange) -> Bool {
    let index = ranges.partitioningIndex { $0.last >= range.first }
    return index < ranges.count && ranges[index].first <= range.first && ranges[index].last >= range.last
  }

  public var count: UInt64 { ranges.reduce(0) { $0 + $1.count } }
  public var isEmpty: Bool { ranges.isEmpty }

  public func union(_ other: SequenceRangeSet) -> SequenceRangeSet {
    var result = self
    for range in other.ranges { result.insert(range) }
    return result
  }

  /// The parts of `whole` that are not in the set, ascending.
  public func gaps(in whole: SequenceRange) -> [SequenceRange] {
    var gaps: [SequenceRange] = []
    var next = whole.first
    for range in ranges[ranges.partitioningIndex { $0.last >= whole.first }...] {
      guard range.first <= whole.last else { break }
      if range.first > next { gaps.append(SequenceRange(next, range.first - 1)) }
      guard range.last < whole.last else { return gaps }
      next = range.last + 1
    }
    gaps.append(SequenceRange(next, whole.last))
    return gaps
  }
}

extension Array {
  /// Index of the first element for which `belongsAfter` is true; the elements must be partitioned by it.
  func partitioningIndex(where belongsAfter: (Element) -> Bool) -> Int {
    var low = 0
    var high = count
    while low < high {
      let middle = (low + high) / 2
      if belongsAfter(self[middle]) { high = middle } else { low = middle + 1 }
    }
    return low
  }
}
