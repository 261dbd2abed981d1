import EnergyModel
import TestKit
import Testing

@testable import MQTTLink

@Suite struct LinkDeskTests {
  let desk = LinkDesk(window: InFlightWindow(messages: 2, bytes: 1000))

  func message(_ id: UInt64) -> OutgoingMessage { OutgoingMessage(id: id, topic: "t", payload: [1]) }

  @Test func takesMessagesOnlyWhileConnected() {
    #expect(!desk.handOver(message(1)))
    desk.post(.connected)
    #expect(desk.handOver(message(1)))
    desk.post(.disconnected(reason: "gone"))
    #expect(!desk.handOver(message(2)))
    #expect(desk.takeOutbox().isEmpty)
    #expect(desk.isFlushed)
  }

  @Test func takesNothingOnceItIsToStop() {
    desk.post(.connected)
    desk.requestStop()
    #expect(!desk.handOver(message(1)))
  }

  @Test func isFlushedOnceEverythingIsAcknowledged() {
    desk.post(.connected)
    #expect(desk.handOver(message(1)))
    #expect(!desk.isFlushed)
    #expect(desk.takeOutbox() == [message(1)])
    #expect(!desk.isFlushed)
    desk.post(.acknowledged([1]))
    #expect(desk.isFlushed)
  }

  @Test func readingAnAcknowledgementFreesItsPlace() async {
    desk.post(.connected)
    for id in 1...2 as ClosedRange<UInt64> {
      #expect(desk.handOver(message(id)))
      desk.post(.acknowledged([id]))
    }
    #expect(!desk.handOver(message(3)))
    #expect(await desk.nextEvent() == .connected)
    #expect(!desk.handOver(message(3)))
    #expect(await desk.nextEvent() == .acknowledged([1, 2]))
    #expect(desk.handOver(message(3)) && desk.handOver(message(4)))
    #expect(!desk.handOver(message(5)))
  }

  @Test func anAcknowledgementOfWhatWasForgottenIsNotTold() async {
    desk.post(.connected)
    #expect(desk.handOver(message(1)))
    desk.post(.disconnected(reason: "gone"))
    desk.post(.acknowledged([1]))
    desk.end()
    #expect(await desk.nextEvent() == .connected)
    #expect(await desk.nextEvent() == .disconnected(reason: "gone"))
    #expect(await desk.nextEvent() == nil)
  }

  @Test func aWaitingReaderGetsTheNextEventAndTheEnd() async {
    let desk = desk
    let reader = Task { [await desk.nextEvent(), await desk.nextEvent()] }
    await Task.yield()
    desk.post(.connected)
    desk.end()
    #expect(await reader.value == [.connected, nil])
  }

  @Test func aCancelledReaderReturns() async {
    let desk = desk
    let reader = Task { await desk.nextEvent() }
    await Task.yield()
    reader.cancel()
    #expect(await reader.value == nil)
    desk.post(.connected)
    #expect(await desk.nextEvent() == .connected)
  }

  @Test func onlyTheFirstMessageOfAnOutboxWakesTheThread() {
    var wakes = 0
    desk.post(.connected)
    for id in 1...3 as ClosedRange<UInt64> { _ = desk.handOver(message(id)) { wakes += 1 } }
    #expect(wakes == 1, "the third found no room")
    #expect(desk.takeOutbox().count == 2)
    desk.post([.acknowledged([1]), .acknowledged([2])])
    #expect(!desk.handOver(message(3)) { wakes += 1 }, "nobody has read the acknowledgements")
    #expect(wakes == 1)
  }

  @Test func severalEventsAtOnceKeepTheirOrder() async {
    desk.post(.connected)
    for id in 1...2 as ClosedRange<UInt64> { #expect(desk.handOver(message(id))) }
    desk.post([.acknowledged([2]), .acknowledged([7]), .acknowledged([1]), .subscriptionRefused(topic: "a")])
    #expect(desk.refusedSubscriptions == ["a"])
    for event in [.connected, .acknowledged([2, 1]), .subscriptionRefused(topic: "a")] as [LinkEvent] {
      #expect(await desk.nextEvent() == event)
    }
    #expect(desk.handOver(message(3)) && desk.handOver(message(4)))
  }
}
