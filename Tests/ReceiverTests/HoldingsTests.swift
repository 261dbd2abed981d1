import EnergyModel
import Testing

@testable import Receiver

@Suite struct HoldingsTests {
  private func holdings(
    _ received: ClosedRange<UInt64>..., told: ClosedRange<UInt64>? = nil, announced: ClosedRange<UInt64>? = nil
  ) -> Holdings {
    var holdings = Holdings(site: "mill", epoch: Given.epoch)
    for range in received { holdings.received.insert(SequenceRange(range.lowerBound, range.upperBound)) }
    if let announced { holdings.announced.insert(SequenceRange(announced.lowerBound, announced.upperBound)) }
    holdings.told = told.map { SequenceRange($0.lowerBound, $0.upperBound) }
    holdings.spoken = told?.upperBound ?? 0
    holdings.isListed = told != nil
    return holdings
  }

  @Test func nothingIsMissingOfNothing() {
    #expect(holdings().holes.isEmpty && holdings().stillToCome.isEmpty && holdings().missing.isEmpty)
  }

  @Test func whatIsBetweenIsAHoleAndWhatIsBehindIsToCome() {
    let some = holdings(1...5, 9...10, told: 1...14)
    #expect(some.holes == [SequenceRange(6, 8)])
    #expect(some.stillToCome == [SequenceRange(11, 14)])
    #expect(some.missing == [SequenceRange(6, 8), SequenceRange(11, 14)])
  }

  @Test func aLogBeginsWithOne() {
    #expect(holdings(4...5).holes == [SequenceRange(1, 3)])
  }

  @Test func announcedAndThinnedAreNoHoles() {
    var some = holdings(1...5, 9...10, announced: 6...7)
    #expect(some.holes == [SequenceRange(8, 8)])
    some.thinned.insert(SequenceRange(8, 8))
    #expect(some.holes.isEmpty)
  }

  @Test func whatIsHereIsNeitherLostNorThinned() {
    var some = holdings(1...5, announced: 4...9)
    some.thinned.insert(SequenceRange(5, 7))
    #expect(some.onlyThinned.ranges == [SequenceRange(6, 7)])
    #expect(some.lost.ranges == [SequenceRange(8, 9)])
  }

  /// A log that is not listed any more, or holds nothing any more, sends nothing: its tail is missing.
  @Test func whatCannotComeAnyMoreIsAHole() {
    var gone = holdings(1...50, told: 1...57)
    gone.isListed = false
    #expect(gone.holes == [SequenceRange(51, 57)])
    #expect(gone.stillToCome.isEmpty)
    var empty = holdings(1...50, told: 1...57)
    empty.told = nil
    #expect(empty.holes == [SequenceRange(51, 57)])
    #expect(empty.missing == [SequenceRange(51, 57)])
  }

  /// What the site no longer holds will not come by itself, even where nothing of the log has arrived yet.
  @Test func belowWhatIsHeldThereIsAHole() {
    let none = holdings(told: 5...9)
    #expect(none.holes == [SequenceRange(1, 4)])
    #expect(none.stillToCome == [SequenceRange(5, 9)])
  }
}
