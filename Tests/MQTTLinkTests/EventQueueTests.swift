import EnergyModel
import TestKit
import Testing

@testable import MQTTLink

@Suite struct EventQueueTests {
  static func message(_ number: Int, size: Int = 1) -> LinkEvent {
    .message(
      IncomingMessage(
        topic: "t/\(number)", payload: Array(repeating: 0, count: size), isRetained: false,
        received: ManualTime().now()))
  }

  static func drain(_ queue: inout EventQueue) -> [LinkEvent] {
    var events: [LinkEvent] = []
    while let event = queue.take() { events.append(event) }
    return events
  }

  @Test func keepsTheOrder() {
    var queue = EventQueue()
    var expected: [LinkEvent] = []
    for number in 0..<3000 {
      let event = number % 2 == 0 ? Self.message(number) : .acknowledged([UInt64(number)])
      queue.add(event)
      expected.append(event)
      if number % 2 == 1 { #expect(queue.take() == expected.removeFirst()) }
    }
    #expect(Self.drain(&queue) == expected)
    #expect(queue.droppedMessages == 0)
  }

  @Test func acknowledgementsThatWaitTogetherAreOneEvent() {
    var queue = EventQueue()
    queue.add(.connected)
    queue.add(.acknowledged([3, 1]))
    queue.add(.acknowledged([2]))
    queue.add(Self.message(1))
    queue.add(.acknowledged([4]))
    #expect(queue.take() == .connected)
    #expect(queue.take() == .acknowledged([3, 1, 2]), "in order, and in none that was read already")
    queue.add(.acknowledged([5]))
    #expect(Self.drain(&queue) == [Self.message(1), .acknowledged([4, 5])])
    queue.add(.acknowledged([6]))
    #expect(queue.take() == .acknowledged([6]))
    queue.add(.acknowledged([7]))
    #expect(Self.drain(&queue) == [.acknowledged([7])])
  }

  @Test func dropsAndCountsMessagesOverTheBoundButNothingElse() {
    var queue = EventQueue()
    for number in 0..<EventQueue.messageCapacity + 5 { queue.add(Self.message(number)) }
    queue.add(.acknowledged([1]))
    queue.add(.disconnected(reason: "x"))
    #expect(queue.droppedMessages == 5)
    let events = Self.drain(&queue)
    #expect(events.count == EventQueue.messageCapacity + 2)
    #expect(events.suffix(2) == [.acknowledged([1]), .disconnected(reason: "x")])
    queue.add(Self.message(1))
    #expect(queue.droppedMessages == 5)
  }

  @Test func boundsTheBytesOfMessages() {
    var queue = EventQueue()
    queue.add(Self.message(1, size: EventQueue.byteCapacity - 10))
    queue.add(Self.message(2, size: 11))
    queue.add(Self.message(3, size: 10))
    #expect(queue.droppedMessages == 1)
    #expect(queue.take() == Self.message(1, size: EventQueue.byteCapacity - 10))
    queue.add(Self.message(4, size: 11))
    #expect(Self.drain(&queue) == [Self.message(3, size: 10), Self.message(4, size: 11)])
  }

  @Test func leavesOutConnectionsThatNobodySaw() {
    var queue = EventQueue()
    queue.add(.connected)
    queue.add(.acknowledged([1]))
    for number in 0..<100 {
      queue.add(.disconnected(reason: "\(number)"))
      queue.add(.connected)
      queue.add(Self.message(number))
    }
    let events = Self.drain(&queue)
    #expect(events.filter(\.isStateChange) == [.connected, .disconnected(reason: "0"), .connected])
    #expect(events.prefix(2) == [.connected, .acknowledged([1])])
    #expect(events.count == 104)
  }

  @Test func endsDisconnectedWhenItIs() {
    var queue = EventQueue()
    queue.add(.connected)
    queue.add(.disconnected(reason: "a"))
    queue.add(.connected)
    queue.add(.acknowledged([4]))
    queue.add(.disconnected(reason: "b"))
    queue.add(.disconnected(reason: "c"))
    #expect(Self.drain(&queue) == [.connected, .disconnected(reason: "c"), .acknowledged([4])])
    queue.add(.connected)
    queue.add(.disconnected(reason: "d"))
    #expect(Self.drain(&queue) == [.connected, .disconnected(reason: "d")])
  }

  @Test func refusalsOfConnectionsThatAreGoneDoNotPileUp() {
    var queue = EventQueue()
    for _ in 0..<100 {
      queue.add(.connected)
      queue.add(.subscriptionRefused(topic: "a"))
      queue.add(.disconnected(reason: "gone"))
    }
    queue.add(.connected)
    queue.add(.subscriptionRefused(topic: "a"))
    #expect(
      Self.drain(&queue) == [
        .connected, .disconnected(reason: "gone"), .connected, .subscriptionRefused(topic: "a"),
      ])
  }
}
