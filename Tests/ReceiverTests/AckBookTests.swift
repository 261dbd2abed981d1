import EnergyModel
import Testing

@testable import Receiver

@Suite struct AckBookTests {
  private let log = LogKey(site: "mill", epoch: Given.epoch)

  private func second(_ seconds: Double) -> MonotonicInstant { MonotonicInstant(nanoseconds: Int64(seconds * 1e9)) }

  @Test func acknowledgementsAreGatheredForASecond() {
    var book = AckBook(every: .seconds(1), after: 100)
    #expect(!book.isDue(at: second(0)))
    // The first goes at once, the next ones wait.
    book.committed(SequenceRange(1, 3), of: log)
    #expect(book.isDue(at: second(0)))
    #expect(book.take(at: second(0)).map(\.ranges) == [[SequenceRange(1, 3)]])
    book.committed(SequenceRange(1, 6), of: log)
    book.committed(SequenceRange(9, 9), of: log)
    book.committed(SequenceRange(1, 8), of: log)
    #expect(!book.isDue(at: second(0.9)))
    #expect(book.isDue(at: second(1)))
    #expect(book.take(at: second(1)).map(\.ranges) == [[SequenceRange(1, 9)]])
    #expect(!book.isDue(at: second(9)))
  }

  @Test func manyMessagesDoNotWait() {
    var book = AckBook(every: .seconds(1), after: 3)
    book.committed(SequenceRange(1, 1), of: log)
    _ = book.take(at: second(0))
    for seq in 2...3 as ClosedRange<UInt64> { book.committed(SequenceRange(seq, seq), of: log) }
    #expect(!book.isDue(at: second(0.1)))
    book.committed(SequenceRange(4, 4), of: log)
    #expect(book.isDue(at: second(0.1)))
  }

  @Test func aMessageTakesSoManyRangesAndTheRestComesNext() {
    var book = AckBook(every: .seconds(1), after: 1000)
    for index in 0..<300 as Range<UInt64> { book.committed(SequenceRange(index * 2 + 1, index * 2 + 1), of: log) }
    #expect(book.take(at: second(0)).map(\.ranges.count) == [256])
    #expect(book.isDue(at: second(1)))
    #expect(book.take(at: second(1)).map(\.ranges.count) == [44])
    #expect(!book.isDue(at: second(2)))
  }

  @Test func whatTheLinkDidNotTakeStays() {
    var book = AckBook(every: .seconds(1), after: 10)
    book.committed(SequenceRange(1, 1), of: log)
    for (log, ranges) in book.take(at: second(0)) { book.putBack(ranges, of: log) }
    #expect(book.isDue(at: second(1)))
    #expect(book.take(at: second(1)).map(\.ranges) == [[SequenceRange(1, 1)]])
  }
}
