import EnergyModel
import Testing

@testable import Journal

/// The queues in front of the disk: bounded, and a batch that failed stays as it was.
@Suite struct IntakeTests {
  private func sample(_ milliseconds: Int64) -> Sample {
    let moment = Moment(
      wall: Timestamp(milliseconds: milliseconds), monotonic: MonotonicInstant(nanoseconds: 0))
    return Sample(device: "d", measured: moment, readings: [])
  }

  @Test func aBatchThatFailedIsTriedAgainAsItWas() {
    let intake = Intake(capacity: 10)
    var batch = Batch()
    intake.put(sample(1))
    intake.put([1], under: "k", at: Timestamp(milliseconds: 3), isUrgent: false)
    intake.fill(&batch)
    intake.put(sample(2))
    intake.put([2], under: "k", at: Timestamp(milliseconds: 3), isUrgent: false)
    intake.fill(&batch)
    #expect(batch.samples == [sample(1)])
    // Of a state only the newest counts.
    #expect(batch.states == ["k": [2]])
    #expect(intake.hasWork)
    batch = Batch()
    intake.fill(&batch)
    #expect(batch.samples == [sample(2)])
    #expect(!intake.hasWork)
  }

  @Test func theTimeOfWhatFoundNoRoomIsKnown() {
    let intake = Intake(capacity: 1)
    for time: Int64 in [1, 5, 9, 7] { intake.put(sample(time)) }
    var batch = Batch()
    intake.fill(&batch)
    #expect(batch.lostSamples.count == 3)
    #expect(batch.lostSamples.from == Timestamp(milliseconds: 5))
    #expect(batch.lostSamples.to == Timestamp(milliseconds: 9))
    #expect(intake.droppedSamples == 3)
  }

  @Test func theOldestOfWhatWaitsIsKnown() {
    let intake = Intake(capacity: 2)
    var batch = Batch()
    #expect(batch.begins == nil)
    for time: Int64 in [6, 5, 4] { intake.put(sample(time)) }
    intake.fill(&batch)
    #expect(batch.begins == Timestamp(milliseconds: 4))
  }

  @Test func statesAreBounded() {
    let intake = Intake(capacity: 1)
    for number in 0..<Intake.mostStates + 5 {
      intake.put([0], under: "\(number)", at: Timestamp(milliseconds: 3), isUrgent: false)
    }
    intake.put([7], under: "0", at: Timestamp(milliseconds: 3), isUrgent: false)
    #expect(intake.droppedEvents == 5)
    #expect(intake.waitingState("0") == [7])
    var batch = Batch()
    intake.fill(&batch)
    #expect(batch.lostEntries.count == 5)
    #expect(batch.lostEntries.from == Timestamp(milliseconds: 3))
  }

  @Test func urgencyIsTakenOnce() {
    let intake = Intake(capacity: 5)
    #expect(!intake.takeUrgency())
    intake.put([0], under: "limit", at: Timestamp(milliseconds: 3), isUrgent: true)
    #expect(intake.takeUrgency())
    #expect(!intake.takeUrgency())
  }
}
