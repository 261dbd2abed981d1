public import EnergyModel

/// What the receiver knows of one log of one site, as sets of sequence numbers. A log begins with 1 and leaves
/// no number out, so whatever is in none of the sets is missing.
public struct Holdings: Sendable {
  public var site: String
  public var epoch: Epoch
  /// Nil while the log is known from a gap record alone.
  public var log: String?
  /// Records that are here.
  public var received = SequenceRangeSet()
  /// Records for which coarser averages are here.
  public var thinned = SequenceRangeSet()
  /// Records that a gap record of the event log says are lost.
  public var announced = SequenceRangeSet()
  /// What the site last said it holds; nil while it holds nothing.
  public var told: SequenceRange?
  /// The highest number that the site ever spoke of.
  public var spoken: UInt64 = 0
  /// Whether the last status lists the log: only then can the site send anything of it again.
  public var isListed = false

  public init(site: String, epoch: Epoch) {
    self.site = site
    self.epoch = epoch
  }

  /// What needs not be sent again: the records, or what is left of them.
  public var held: SequenceRangeSet { received.union(thinned) }

  /// Averages are here and the records themselves are not.
  public var onlyThinned: SequenceRangeSet { thinned.without(received) }

  /// Announced as lost and not here in any form. What a site lost after it had sent it is not lost here.
  public var lost: SequenceRangeSet { announced.without(held) }

  /// Numbers below the highest one seen, or below what the site still holds, that nobody has said a word of.
  public var holes: [SequenceRange] { missing(from: 1, to: border) }

  /// The tail that the site announced and that has not arrived yet.
  public var stillToCome: [SequenceRange] { missing(from: border + 1, to: told?.last ?? 0) }

  public var missing: [SequenceRange] { missing(from: 1, to: max(border, told?.last ?? 0)) }

  private var border: UInt64 {
    let highest = [received, thinned, announced].compactMap(\.ranges.last?.last).max() ?? 0
    // What a site no longer lists, or no longer holds, will not come any more.
    guard isListed, let told else { return max(highest, spoken) }
    return max(highest, told.first - 1)
  }

  private func missing(from first: UInt64, to last: UInt64) -> [SequenceRange] {
    guard first <= last else { return [] }
    return held.union(announced).gaps(in: SequenceRange(first, last))
  }
}

extension SequenceRangeSet {
  /// The part of the set that is not in `other`.
  func without(_ other: SequenceRangeSet) -> SequenceRangeSet { SequenceRangeSet(ranges.flatMap(other.gaps)) }
}
