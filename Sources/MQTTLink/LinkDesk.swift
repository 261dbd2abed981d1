import EnergyModel
import Synchronization

/// Where the owner and the link's thread meet. Every step is one short critical section, so that handing
/// over a message and losing the connection can never cross: a message is either refused or forgotten
/// with a disconnection behind it.
final class LinkDesk: Sendable {
  private struct State {
    var isConnected = false
    var isStopping = false
    var hasEnded = false
    var window: InFlightWindow
    var outbox: [OutgoingMessage] = []
    var events = EventQueue()
    /// The thread leaves further messages with the broker until the owner has read.
    var isHeldBack = false
    var reader: CheckedContinuation<LinkEvent?, Never>?
    var refusedMessages: UInt64 = 0
    var refusedSubscriptions: [String] = []
  }

  private let state: Mutex<State>

  init(window: InFlightWindow) { state = Mutex(State(window: window)) }

  // MARK: The owner's side

  var isConnected: Bool { state.withLock { $0.isConnected } }
  var droppedMessages: UInt64 { state.withLock { $0.events.droppedMessages + $0.refusedMessages } }
  var refusedSubscriptions: [String] { state.withLock { $0.refusedSubscriptions } }

  /// - Parameter wake: called for the first message of an outbox alone: the thread takes them all at once.
  func handOver(_ message: OutgoingMessage, wake: () -> Void = {}) -> Bool {
    let place = state.withLock { state -> Int? in
      guard state.isConnected, !state.isStopping else { return nil }
      guard state.window.admit(message.id, size: message.topic.utf8.count + message.payload.count) else {
        return nil
      }
      state.outbox.append(message)
      return state.outbox.count
    }
    if place == 1 { wake() }
    return place != nil
  }

  /// Counts a message that MQTT cannot carry.
  func countRefused() { state.withLock { $0.refusedMessages += 1 } }

  func requestStop() { state.withLock { $0.isStopping = true } }

  /// The next event; nil once the link has ended, or when the reading task is cancelled.
  func nextEvent() async -> LinkEvent? {
    await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let (superseded, event, isReady) = state.withLock { state in
          let superseded = state.reader
          state.reader = nil
          if let event = Self.take(&state) { return (superseded, event as LinkEvent?, true) }
          if state.hasEnded || Task.isCancelled { return (superseded, nil, true) }
          state.reader = continuation
          return (superseded, nil, false)
        }
        superseded?.resume(returning: nil)
        if isReady { continuation.resume(returning: event) }
      }
    } onCancel: {
      release()
    }
  }

  /// Whether the owner has just made room for a thread that waits for it: the thread wants to be told.
  func takeRelief() -> Bool {
    state.withLock { state in
      guard state.isHeldBack, state.events.isNearlyEmpty else { return false }
      state.isHeldBack = false
      return true
    }
  }

  private func release() {
    let reader = state.withLock { state in
      defer { state.reader = nil }
      return state.reader
    }
    reader?.resume(returning: nil)
  }

  // MARK: The thread's side

  var isStopping: Bool { state.withLock { $0.isStopping } }

  /// Whether to leave further messages with the broker for now.
  func holdsBack() -> Bool {
    state.withLock { state in
      if state.events.isHalfFull { state.isHeldBack = true }
      return state.isHeldBack
    }
  }

  /// True when everything handed over has been taken and acknowledged.
  var isFlushed: Bool { state.withLock { $0.outbox.isEmpty && $0.window.isEmpty } }

  func takeOutbox() -> [OutgoingMessage] {
    state.withLock { state in
      defer { state.outbox.removeAll(keepingCapacity: true) }
      return state.outbox
    }
  }

  func post(_ event: LinkEvent) { post([event]) }

  /// Several at once wake the owner once.
  func post(_ events: [LinkEvent]) {
    guard !events.isEmpty else { return }
    let (reader, next) = state.withLock { state in
      for event in events { Self.apply(event, to: &state) }
      guard let reader = state.reader, let next = Self.take(&state) else {
        return (CheckedContinuation<LinkEvent?, Never>?.none, LinkEvent?.none)
      }
      state.reader = nil
      return (reader, next)
    }
    reader?.resume(returning: next)
  }

  /// No event comes after those already posted.
  func end() {
    state.withLock { $0.hasEnded = true }
    release()
  }

  private static func apply(_ event: LinkEvent, to state: inout State) {
    switch event {
    case .connected:
      state.isConnected = true
      state.refusedSubscriptions = []
    case .disconnected:
      state.isConnected = false
      state.outbox.removeAll()
      state.window.forget()
    case .acknowledged(let ids):
      let known = ids.filter { state.window.acknowledge($0) }
      if !known.isEmpty { state.events.add(.acknowledged(known)) }
      return
    case .subscriptionRefused(let topic):
      state.refusedSubscriptions.append(topic)
    case .message:
      break
    }
    state.events.add(event)
  }

  private static func take(_ state: inout State) -> LinkEvent? {
    let event = state.events.take()
    if case .acknowledged(let ids)? = event { state.window.acknowledgementsRead(ids.count) }
    return event
  }
}
