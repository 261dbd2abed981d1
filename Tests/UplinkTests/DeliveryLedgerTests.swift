import EnergyModel
import Testing

@testable import Uplink

struct DeliveryLedgerTests {
  private let now = Given.start.monotonic

  private func delivery(_ first: UInt64, _ last: UInt64) -> Delivery {
    Delivery(lane: .live, epoch: Given.epoch, range: SequenceRange(first, last), segments: 1, bytes: 100)
  }

  @Test func whatIsUnderWayOrArrivedIsNotOfferedAgain() {
    var ledger = DeliveryLedger()
    ledger.sent(delivery(1, 2), as: 1)
    ledger.sent(delivery(5, 6), as: 2)
    #expect(ledger.excluded(of: Given.epoch).ranges == [SequenceRange(1, 2), SequenceRange(5, 6)])
    #expect(ledger.excluded(of: Given.eventEpoch).isEmpty)
    #expect(ledger.acknowledged(1, at: now) != nil)
    #expect(ledger.acknowledged(1, at: now) == nil, "a second acknowledgement means nothing")
    #expect(ledger.bytesInFlight == 100)
    #expect(ledger.excluded(of: Given.epoch).count == 4)
  }

  @Test func aLostConnectionForgetsWhatIsUnderWayButNotWhatArrived() {
    var ledger = DeliveryLedger()
    ledger.sent(delivery(1, 2), as: 1)
    ledger.sent(delivery(3, 4), as: 2)
    _ = ledger.acknowledged(1, at: now)
    ledger.forgetInFlight()
    #expect(ledger.bytesInFlight == 0)
    #expect(ledger.excluded(of: Given.epoch).ranges == [SequenceRange(1, 2)])
    #expect(ledger.acknowledged(2, at: now) == nil)
  }

  @Test func whatArrivedWhileTheStoreWasBusyStays() {
    var ledger = DeliveryLedger()
    ledger.sent(delivery(1, 2), as: 1)
    ledger.sent(delivery(3, 4), as: 2)
    _ = ledger.acknowledged(1, at: now)
    let noted = ledger.arrived[Given.epoch] ?? SequenceRangeSet()
    _ = ledger.acknowledged(2, at: now)
    ledger.noted(noted, of: Given.epoch)
    #expect(ledger.arrived[Given.epoch]?.ranges == [SequenceRange(3, 4)])
    ledger.noted(SequenceRangeSet([SequenceRange(3, 4)]), of: Given.epoch)
    #expect(ledger.arrived.isEmpty)
  }

  @Test func theBrokersWordAloneReleasesNothingWhereTheReceiversIsNeeded() {
    var ledger = DeliveryLedger(acknowledgedBy: .receiver)
    ledger.sent(delivery(1, 2), as: 1)
    ledger.sent(delivery(3, 4), as: 2)
    #expect(ledger.acknowledged(1, at: now) == nil)
    #expect(ledger.bytesInFlight == 100, "the window is free")
    #expect(ledger.arrived.isEmpty)
    #expect(ledger.excluded(of: Given.epoch).count == 4)
    let all = SequenceRangeSet([SequenceRange(1, 4)])
    #expect(ledger.confirmed(all, of: Given.epoch, at: now).map(\.range.first).sorted() == [1, 3])
    #expect(ledger.arrived[Given.epoch] == all)
    #expect(ledger.acknowledged(2, at: now) == nil, "the PUBACK comes after the receiver's word")
    #expect(ledger.bytesInFlight == 0)
    ledger.noted(all, of: Given.epoch)
    #expect(ledger.excluded(of: Given.epoch).isEmpty)
    #expect(ledger.awaited.deliveries.isEmpty)
  }

  @Test func aReplayForgetsWhatWasSentOfItInEveryState() {
    for acknowledgedBy in [Acknowledgement.broker, .receiver] {
      var ledger = DeliveryLedger(acknowledgedBy: acknowledgedBy)
      ledger.sent(delivery(1, 2), as: 1)
      ledger.sent(delivery(3, 4), as: 2)
      ledger.sent(delivery(5, 6), as: 3)
      _ = ledger.acknowledged(1, at: now)
      ledger.forget(SequenceRangeSet([SequenceRange(2, 3)]), of: Given.epoch)
      #expect(!ledger.excluded(of: Given.epoch).contains(2) && !ledger.excluded(of: Given.epoch).contains(3))
      #expect(ledger.excluded(of: Given.epoch).contains(SequenceRange(5, 6)))
      #expect(ledger.acknowledged(2, at: now) == nil, "the old copy does not count")
      #expect(ledger.arrived[Given.epoch]?.contains(3) != true)
      #expect(ledger.bytesInFlight == 100)
    }
  }
}
