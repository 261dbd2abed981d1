import EnergyModel
import Testing

@testable import Uplink

struct DeliveryLedgerTests {
  private func delivery(_ first: UInt64, _ last: UInt64) -> Delivery {
    Delivery(lane: .live, epoch: Given.epoch, range: SequenceRange(first, last), segments: 1, bytes: 100)
  }

  @Test func whatIsUnderWayOrArrivedIsNotOfferedAgain() {
    var ledger = DeliveryLedger()
    ledger.sent(delivery(1, 2), as: 1)
    ledger.sent(delivery(5, 6), as: 2)
    #expect(ledger.excluded(of: Given.epoch).ranges == [SequenceRange(1, 2), SequenceRange(5, 6)])
    #expect(ledger.excluded(of: Given.eventEpoch).isEmpty)
    #expect(ledger.acknowledged(1) != nil)
    #expect(ledger.acknowledged(1) == nil, "a second acknowledgement means nothing")
    #expect(ledger.bytesInFlight == 100)
    #expect(ledger.excluded(of: Given.epoch).count == 4)
  }

  @Test func aLostConnectionForgetsWhatIsUnderWayButNotWhatArrived() {
    var ledger = DeliveryLedger()
    ledger.sent(delivery(1, 2), as: 1)
    ledger.sent(delivery(3, 4), as: 2)
    _ = ledger.acknowledged(1)
    ledger.forgetInFlight()
    #expect(ledger.bytesInFlight == 0)
    #expect(ledger.excluded(of: Given.epoch).ranges == [SequenceRange(1, 2)])
    #expect(ledger.acknowledged(2) == nil)
  }

  @Test func whatArrivedWhileTheStoreWasBusyStays() {
    var ledger = DeliveryLedger()
    ledger.sent(delivery(1, 2), as: 1)
    ledger.sent(delivery(3, 4), as: 2)
    _ = ledger.acknowledged(1)
    let noted = ledger.arrived[Given.epoch] ?? SequenceRangeSet()
    _ = ledger.acknowledged(2)
    ledger.noted(noted, of: Given.epoch)
    #expect(ledger.arrived[Given.epoch]?.ranges == [SequenceRange(3, 4)])
    ledger.noted(SequenceRangeSet([SequenceRange(3, 4)]), of: Given.epoch)
    #expect(ledger.arrived.isEmpty)
  }
}
