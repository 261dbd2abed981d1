import EnergyModel
import TestKit
import Testing

@testable import MQTTLink

/// An owner that does not read for a while, and 3,000 messages that wait for it.
@Suite struct HoldingBackTests {
  private static let count: UInt64 = 3000

  /// Everything is published before the owner reads its first event.
  private func fill(_ broker: TestBroker, _ link: MQTTLink) async throws {
    try await eventually("connected") { link.isConnected }
    let sender = LinkWatch(LinkWatch.settings(port: broker.port) { $0.inFlightWindow = 1000 })
    try await sender.connected()
    for id in 1...Self.count { try await sender.publish(id, "load/\(id)", "\(id)") }
    try await eventually("the broker has all of it") { sender.acknowledged.count == Int(Self.count) }
    await sender.finish()
  }

  private func settings(_ broker: TestBroker, holdsBack: Bool) -> LinkSettings {
    LinkWatch.settings(port: broker.port) {
      $0.subscriptions = ["load/#"]
      $0.keepAlive = .seconds(20)
      $0.holdsBack = holdsBack
    }
  }

  @Test func whatIsNotReadYetStaysWithTheBroker() async throws {
    let broker = try TestBroker()
    defer { broker.stop() }
    let link = MQTTLink(settings: settings(broker, holdsBack: true), time: SystemTime(), seed: 1)
    link.start()
    try await fill(broker, link)
    var payloads: [String] = []
    for await event in link.events() {
      guard case .message(let message) = event else { continue }
      payloads.append(String(decoding: message.payload, as: UTF8.self))
      if payloads.count == Int(Self.count) { break }
    }
    #expect(payloads == (1...Self.count).map { "\($0)" })
    #expect(link.droppedMessages == 0)
    link.stop()
    link.join()
  }

  @Test func anOwnerThatTakesMessagesForNewsLosesWhatFindsNoRoom() async throws {
    let broker = try TestBroker()
    defer { broker.stop() }
    let link = MQTTLink(settings: settings(broker, holdsBack: false), time: SystemTime(), seed: 1)
    link.start()
    try await fill(broker, link)
    try await eventually("dropped") { link.droppedMessages == Self.count - UInt64(EventQueue.messageCapacity) }
    link.stop()
    link.join()
  }
}
