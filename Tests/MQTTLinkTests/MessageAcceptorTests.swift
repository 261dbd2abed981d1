import EnergyModel
import Synchronization
import TestKit
import Testing

@testable import MQTTLink

/// Against a real mosquitto: a message is acknowledged once its acceptor has taken it, and never before.
@Suite struct MessageAcceptorTests {
  private final class Desk: MessageAcceptor {
    struct State {
      var refusals: Int
      var seen: [String] = []
    }
    let state: Mutex<State>

    /// - Parameter refusals: so many messages have to come again.
    init(refusals: Int) { state = Mutex(State(refusals: refusals)) }

    func accept(_ message: IncomingMessage) -> Bool {
      state.withLock { state in
        state.seen.append(String(decoding: message.payload, as: UTF8.self))
        guard state.refusals > 0 else { return true }
        state.refusals -= 1
        return false
      }
    }
    var seen: [String] { state.withLock { $0.seen } }
  }

  private func settings(_ broker: TestBroker) -> LinkSettings {
    LinkWatch.settings(port: broker.port) {
      $0.subscriptions = ["command"]
      $0.isCleanSession = false
      $0.clientID = "site"
    }
  }

  @Test func aMessageThatIsNotAcceptedComesAgainInItsPlace() async throws {
    let broker = try TestBroker()
    let desk = Desk(refusals: 1)
    let watch = LinkWatch(settings(broker), connector: Dial.real(acceptor: desk))
    try await watch.connected()
    let sender = LinkWatch(LinkWatch.settings(port: broker.port))
    try await sender.connected()
    try await sender.publish(1, "command", "one")
    try await sender.publish(2, "command", "two")
    try await eventually("both accepted") { desk.seen.suffix(2) == ["one", "two"] && desk.seen.count >= 3 }
    #expect(desk.seen == ["one", "one", "two"] || desk.seen == ["one", "two", "one", "two"], "\(desk.seen)")
    try await eventually("both told") { watch.messages.count == 2 }
    #expect(watch.messages.map { String(decoding: $0.payload, as: UTF8.self) } == ["one", "two"])
    #expect(watch.reasons.first?.contains("could not be kept") == true)
    #expect(watch.connections == 2)
    await sender.finish()
    await watch.finish()
    // Whatever was not acknowledged would come to the next connection of the same name.
    let next = Desk(refusals: 0)
    let again = LinkWatch(settings(broker), connector: Dial.real(acceptor: next))
    try await again.connected()
    let last = LinkWatch(LinkWatch.settings(port: broker.port))
    try await last.connected()
    try await last.publish(3, "command", "three")
    try await eventually("the third") { next.seen.contains("three") }
    #expect(next.seen == ["three"])
    await last.finish()
    await again.finish()
  }

  @Test func whatIsSentWhileTheLinkIsAwayWaitsAtTheBrokerUnlessItIsLive() async throws {
    let broker = try TestBroker()
    var settings = settings(broker)
    settings.liveSubscriptions = ["heartbeat"]
    let first = LinkWatch(settings)
    try await first.connected()
    let sender = LinkWatch(LinkWatch.settings(port: broker.port))
    try await sender.connected()
    try await sender.publish(1, "heartbeat", "now")
    try await eventually("a live one") { first.messages.count == 1 }
    await first.finish()
    try await sender.publish(2, "heartbeat", "missed")
    try await sender.publish(3, "command", "kept")
    try await eventually("sent") { sender.acknowledged.count == 3 }
    let desk = Desk(refusals: 0)
    let second = LinkWatch(settings, connector: Dial.real(acceptor: desk))
    try await eventually("what waited") { !desk.seen.isEmpty }
    try await sender.publish(4, "heartbeat", "again")
    try await eventually("the live one") { desk.seen.count >= 2 }
    #expect(desk.seen == ["kept", "again"])
    await sender.finish()
    await second.finish()
  }
}
