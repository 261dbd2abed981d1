import EnergyModel
import Testing

@testable import Uplink

struct BacklogCountTests {
  private func log(_ first: UInt64, _ last: UInt64) -> LogState {
    LogState(epoch: Given.epoch, name: "telemetry", kind: .telemetry, held: SequenceRange(first, last))
  }

  @Test func whatIsHeldCountsUntilItArrived() {
    var count = BacklogCount()
    #expect(count.records(in: [log(1, 100)]) == 100)
    count.arrived(SequenceRange(91, 100), of: Given.epoch)
    #expect(count.records(in: [log(1, 110)]) == 100)
    #expect(count.records(in: [log(51, 110)]) == 50, "purged records wait no more")
  }

  @Test func earlierAcknowledgementsAreLearntFromTheAnswers() {
    var count = BacklogCount()
    let held = SequenceRange(1, 100)
    // 1...40 and 61...90 arrived in an earlier life of the agent; 95...100 is under way.
    count.learn(
      [Given.segment(41, 60), Given.segment(91, 94)], of: Given.epoch, held: held,
      excluding: SequenceRangeSet([SequenceRange(95, 100)]), isAll: true)
    #expect(count.records(in: [log(1, 100)]) == 20 + 4 + 6)
  }

  @Test func anAnswerThatWasCutSaysNothingOfWhatFollows() {
    var count = BacklogCount()
    count.learn(
      [Given.segment(41, 60)], of: Given.epoch, held: SequenceRange(1, 100), excluding: SequenceRangeSet(),
      isAll: false)
    #expect(count.records(in: [log(1, 100)]) == 60)
  }
}
