import EnergyModel
import MQTTLink
import TestKit
import Testing

/// Against a real mosquitto: the ordinary life of a link.
@Suite struct MQTTLinkTests {
  @Test func sendsReceivesAndAcknowledges() async throws {
    let broker = try TestBroker()
    let before = SystemTime().now()
    let watch = LinkWatch(LinkWatch.settings(port: broker.port) { $0.subscriptions = ["a/+", "b"] })
    try await watch.connected()
    #expect(watch.link.isConnected)
    try await watch.publish(7, "a/1", "one")
    try await watch.publish(8, "b", "two", retained: true)
    try await watch.publish(9, "c", "nobody listens")
    try await eventually("messages") { watch.messages.count == 2 && watch.acknowledged.count == 3 }
    #expect(watch.messages.map(\.topic) == ["a/1", "b"])
    #expect(watch.messages.map { String(decoding: $0.payload, as: UTF8.self) } == ["one", "two"])
    #expect(watch.messages.allSatisfy { !$0.isRetained && $0.received.monotonic >= before.monotonic })
    #expect(watch.acknowledged == [7, 8, 9])
    let late = LinkWatch(LinkWatch.settings(port: broker.port) { $0.subscriptions = ["b"] })
    try await eventually("retained message") { late.messages.count == 1 }
    #expect(late.messages[0].isRetained)
    await watch.finish()
    await late.finish()
    #expect(watch.events.last == .disconnected(reason: "stopped"))
    #expect(!watch.link.isConnected)
    #expect(!watch.link.publish(OutgoingMessage(id: 10, topic: "b", payload: [])))
  }

  @Test func carriesPayloadsOfAllSizesAndQualityZero() async throws {
    let broker = try TestBroker()
    let watch = LinkWatch(LinkWatch.settings(port: broker.port) { $0.subscriptions = ["big"] })
    try await watch.connected()
    let big = (0..<1_000_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
    #expect(watch.link.publish(OutgoingMessage(id: 1, topic: "big", payload: big)))
    try await eventually("large message") { watch.messages.first?.payload == big }
    try await eventually("place") {
      watch.link.publish(OutgoingMessage(id: 2, topic: "big", payload: [], qualityOfService: 0))
    }
    try await eventually("empty message") { watch.messages.count == 2 && watch.acknowledged == [1, 2] }
    #expect(watch.messages[1].payload.isEmpty)
    await watch.finish()
  }

  @Test func keepsTheOrderOfFiveThousandMessages() async throws {
    let broker = try TestBroker()
    let watch = LinkWatch(LinkWatch.settings(port: broker.port) { $0.subscriptions = ["n"] })
    try await watch.connected()
    for id in 1...5000 as ClosedRange<UInt64> { try await watch.publish(id, "n", "\(id)") }
    try await eventually("all") { watch.messages.count >= 5000 && watch.acknowledged.count >= 5000 }
    #expect(watch.acknowledged == Array(1...5000))
    #expect(watch.messages.map { String(decoding: $0.payload, as: UTF8.self) } == (1...5000).map { "\($0)" })
    #expect(watch.link.droppedMessages == 0)
    await watch.finish()
  }

  @Test func refusesWhileNotConnectedAndWhenTheWindowIsFull() async throws {
    let broker = try TestBroker()
    // Nobody reads the events, so no place comes free again.
    let link = MQTTLink(
      settings: LinkWatch.settings(port: broker.port) { $0.inFlightWindow = 3 }, time: SystemTime(), seed: 1)
    func message(_ id: UInt64) -> OutgoingMessage { OutgoingMessage(id: id, topic: "t", payload: [1, 2]) }
    #expect(!link.publish(message(1)))
    link.start()
    try await eventually("connection") { link.isConnected }
    #expect((1...5).map { link.publish(message($0)) } == [true, true, true, false, false])
    link.stop()
    var events: [LinkEvent] = []
    var acknowledged: [UInt64] = []
    for await event in link.events() {
      if case .acknowledged(let ids) = event { acknowledged += ids } else { events.append(event) }
    }
    #expect(events == [.connected, .disconnected(reason: "stopped")])
    #expect(acknowledged == [1, 2, 3])
    link.join()
  }

  @Test func refusesWhatCannotBeCarriedAndKeepsTheConnection() async throws {
    let broker = try TestBroker()
    let watch = LinkWatch(LinkWatch.settings(port: broker.port) { $0.subscriptions = ["a/#/b", "fine"] })
    try await watch.connected()
    for topic in ["", "a/+", "#", "nul\0", "tab\t", String(repeating: "x", count: 70_000)] {
      #expect(!watch.link.publish(OutgoingMessage(id: 1, topic: topic, payload: [])))
    }
    #expect(!watch.link.publish(OutgoingMessage(id: 1, topic: "t", payload: [], qualityOfService: 2)))
    #expect(watch.link.droppedMessages == 7)
    try await watch.publish(2, "fine")
    try await eventually("message") { watch.messages.count == 1 }
    #expect(watch.link.refusedSubscriptions == ["a/#/b"])
    #expect(watch.events.contains(.subscriptionRefused(topic: "a/#/b")))
    #expect(watch.reasons.isEmpty)
    await watch.finish()
  }

  @Test func sendsTheLastStatusBeforeItLeavesAndSparesTheWill() async throws {
    let broker = try TestBroker()
    let observer = LinkWatch(LinkWatch.settings(port: broker.port) { $0.subscriptions = ["status"] })
    try await observer.connected()
    let leaving = LinkWatch(
      LinkWatch.settings(port: broker.port) {
        $0.will = OutgoingMessage(id: 0, topic: "status", payload: Array("lost".utf8))
      })
    try await leaving.connected()
    try await leaving.publish(1, "status", "offline")
    await leaving.finish()
    #expect(leaving.acknowledged == [1])
    try await observer.publish(1, "status", "end")
    try await eventually("messages") { observer.messages.last?.payload == Array("end".utf8) }
    #expect(observer.messages.map { String(decoding: $0.payload, as: UTF8.self) } == ["offline", "end"])
    await observer.finish()
  }

  @Test func stopsBeforeItWasStarted() async {
    let link = MQTTLink(settings: LinkWatch.settings(port: 1), time: SystemTime(), seed: 1)
    link.stop()
    link.start()
    for await event in link.events() { Issue.record("unexpected \(event)") }
    link.join()
  }
}
