import EnergyModel
import Synchronization

/// A link that keeps what it is given and says what a test tells it to.
final class FakeLink: MessageLink {
  private struct State {
    var isOpen = false
    var capacity = Int.max
    var sent: [OutgoingMessage] = []
  }

  private let state = Mutex(State())
  private let wire = Wire.current
  private let stream: AsyncStream<LinkEvent>
  private let teller: AsyncStream<LinkEvent>.Continuation

  init() { (stream, teller) = AsyncStream.makeStream() }

  func events() -> AsyncStream<LinkEvent> { stream }

  func publish(_ message: OutgoingMessage) -> Bool {
    state.withLock { state in
      guard state.isOpen, state.sent.count < state.capacity else { return false }
      state.sent.append(message)
      wire?.note(message)
      return true
    }
  }

  func connect() {
    state.withLock { $0.isOpen = true }
    teller.yield(.connected)
  }

  func disconnect() {
    state.withLock { $0.isOpen = false }
    teller.yield(.disconnected(reason: "broken pipe"))
  }

  func receive(_ name: String, _ payload: String, isRetained: Bool = false) {
    receive(name, Array(payload.utf8), isRetained: isRetained)
  }

  func receive(_ name: String, _ payload: [UInt8], isRetained: Bool = false) {
    teller.yield(
      .message(
        IncomingMessage(
          topic: "holdfast/v1/mill-lane-4/\(name)", payload: payload, isRetained: isRetained, received: Given.start)))
  }

  func refuseSubscription(_ topic: String) { teller.yield(.subscriptionRefused(topic: topic)) }

  func acknowledge(_ message: OutgoingMessage) { teller.yield(.acknowledged([message.id])) }

  /// How many messages it takes in all before it refuses.
  func limit(to capacity: Int) { state.withLock { $0.capacity = capacity } }

  /// In order, all of them or those of a topic.
  func sent(_ topic: String? = nil) -> [OutgoingMessage] {
    state.withLock { $0.sent }.filter { topic == nil || $0.topic == "holdfast/v1/mill-lane-4/\(topic ?? "")" }
  }
}
