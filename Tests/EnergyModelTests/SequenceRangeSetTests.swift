import EnergyModel
import Testing

@Suite struct SequenceRangeSetTests {
  @Test func touchingRangesBecomeOne() {
    var set = SequenceRangeSet()
    set.insert(SequenceRange(1, 3))
    set.insert(SequenceRange(7, 9))
    set.insert(SequenceRange(4, 6))
    #expect(set.ranges == [SequenceRange(1, 9)])
  }

  @Test func insertingTellsHowManyWereNew() {
    var set = SequenceRangeSet([SequenceRange(5, 10)])
    #expect(set.insert(SequenceRange(5, 10)) == 0)
    #expect(set.insert(SequenceRange(1, 5)) == 4)
    #expect(set.insert(SequenceRange(20, 20)) == 1)
    #expect(set.count == 11)
  }

  @Test func liveAheadOfBacklogMakesTwoFronts() {
    var set = SequenceRangeSet([SequenceRange(1, 100)])
    set.insert(SequenceRange(200, 210))
    #expect(set.gaps(in: SequenceRange(1, 210)) == [SequenceRange(101, 199)])
    #expect(set.contains(SequenceRange(200, 210)))
    #expect(!set.contains(SequenceRange(100, 101)))
  }

  @Test func gapsAtBothEnds() {
    let set = SequenceRangeSet([SequenceRange(4, 5)])
    #expect(set.gaps(in: SequenceRange(1, 9)) == [SequenceRange(1, 3), SequenceRange(6, 9)])
    #expect(set.gaps(in: SequenceRange(4, 5)).isEmpty)
    #expect(SequenceRangeSet().gaps(in: SequenceRange(2, 3)) == [SequenceRange(2, 3)])
  }

  @Test func theHighestNumberDoesNotOverflow() {
    var set = SequenceRangeSet([SequenceRange(.max - 1, .max)])
    set.insert(SequenceRange(1, 2))
    #expect(set.ranges.count == 2)
    #expect(set.contains(.max))
  }

  /// Against a plain set of numbers, over many seeded insertions.
  @Test(arguments: 0..<20) func agreesWithAPlainSet(seed: Int) {
    var state = UInt64(seed + 1)
    func next(_ bound: UInt64) -> UInt64 {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return (state >> 33) % bound
    }
    var set = SequenceRangeSet()
    var plain = Set<UInt64>()
    for _ in 0..<60 {
      let first = next(200) + 1
      let range = SequenceRange(first, first + next(12))
      let new = UInt64(Set(range.first...range.last).subtracting(plain).count)
      #expect(set.insert(range) == new)
      plain.formUnion(range.first...range.last)
    }
    for number in UInt64(1)...215 { #expect(set.contains(number) == plain.contains(number)) }
    let gaps = set.gaps(in: SequenceRange(1, 215)).flatMap { Array($0.first...$0.last) }
    #expect(Set(gaps) == Set((UInt64(1)...215).filter { !plain.contains($0) }))
    for (a, b) in zip(set.ranges, set.ranges.dropFirst()) { #expect(b.first > a.last + 1) }
  }
}
