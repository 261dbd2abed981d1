import EnergyModel
import Testing

@testable import Receiver

@Suite struct ReplayWindowTests {
  private func second(_ seconds: Int64) -> MonotonicInstant { MonotonicInstant(nanoseconds: seconds * 1_000_000_000) }
  private func missing(_ ranges: ClosedRange<UInt64>...) -> ReplayWindow.Missing {
    [Given.epoch: ranges.map { SequenceRange($0.lowerBound, $0.upperBound) }]
  }

  @Test func aHoleThatStaysIsAskedForAndThenLessAndLessOften() {
    var window = ReplayWindow(patience: .seconds(30))
    var asked: [Int64] = []
    for now in 0...1000 as ClosedRange<Int64> {
      let ask = window.look(missing(5...9), at: second(now))
      if !ask.isEmpty {
        #expect(ask == missing(5...9))
        asked.append(now)
      }
    }
    #expect(asked == [30, 90, 210, 450, 930])
  }

  @Test func whileTheBacklogDrainsNothingIsAsked() {
    var window = ReplayWindow(patience: .seconds(30))
    for now in 0..<200 as Range<Int64> {
      // One record every ten seconds; another log stands still and has to wait.
      var missing = missing(UInt64(now / 10 + 1)...100)
      missing[Given.eventEpoch] = [SequenceRange(1, 1)]
      #expect(window.look(missing, at: second(now)).isEmpty)
    }
    // It has come to a halt.
    var asked: [Int64] = []
    for now in 200...300 as ClosedRange<Int64> {
      if !window.look(missing(20...100), at: second(now)).isEmpty { asked.append(now) }
    }
    #expect(asked == [230, 290])
  }

  @Test func onlyWhatWasMissingAllTheTimeIsAskedFor() {
    var window = ReplayWindow(patience: .seconds(30))
    #expect(window.look(missing(5...9), at: second(0)).isEmpty)
    // At 20 s live data announces a tail.
    #expect(window.look(missing(5...9, 20...22), at: second(20)).isEmpty)
    #expect(window.look(missing(5...9, 20...22), at: second(30)) == missing(5...9))
    #expect(window.look(missing(), at: second(31)).isEmpty)
    // Everything came: the next hole gets the whole patience and no more.
    #expect(window.look(missing(40...41), at: second(40)).isEmpty)
    #expect(window.look(missing(40...41), at: second(69)).isEmpty)
    #expect(window.look(missing(40...41), at: second(70)) == missing(40...41))
  }

  @Test func withoutALinkWaitingBeginsAnew() {
    var window = ReplayWindow(patience: .seconds(30))
    #expect(window.look(missing(5...9), at: second(0)).isEmpty)
    window = window.closed
    #expect(window.look(missing(5...9), at: second(100)).isEmpty)
    #expect(!window.look(missing(5...9), at: second(130)).isEmpty)
  }

  @Test func aMessageTakesSoManyRanges() {
    var window = ReplayWindow(patience: .seconds(30))
    let many = [Given.epoch: (0..<300 as Range<UInt64>).map { SequenceRange($0 * 2 + 1, $0 * 2 + 1) }]
    _ = window.look(many, at: second(0))
    #expect(window.look(many, at: second(30))[Given.epoch]?.count == 256)
  }
}
