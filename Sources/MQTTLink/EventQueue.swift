import EnergyModel

/// Events that wait for the owner, in order and bounded: acknowledgements by the in-flight window, state
/// changes by leaving out what nobody saw, messages by dropping and counting.
struct EventQueue: Sendable {
  static let messageCapacity = 1024
  static let byteCapacity = 4 << 20

  private var events: [LinkEvent] = []
  private var head = 0
  private var messages = 0
  private var messageBytes = 0
  private(set) var droppedMessages: UInt64 = 0

  /// More should not be read from the broker: half of the room is taken, the other half is for what is under way.
  var isHalfFull: Bool { messages >= Self.messageCapacity / 2 || messageBytes >= Self.byteCapacity / 2 }
  /// There is room again for a good while.
  var isNearlyEmpty: Bool { messages <= Self.messageCapacity / 8 && messageBytes <= Self.byteCapacity / 8 }

  mutating func take() -> LinkEvent? {
    guard head < events.count else { return nil }
    let event = events[head]
    head += 1
    if case .message(let message) = event {
      messages -= 1
      messageBytes -= message.payload.count
    }
    // Shifting in large steps keeps taking cheap and the array short.
    if head == events.count {
      events.removeAll(keepingCapacity: true)
      head = 0
    } else if head >= 512 {
      events.removeFirst(head)
      head = 0
    }
    return event
  }

  mutating func add(_ event: LinkEvent) {
    switch event {
    case .message(let message): add(message)
    case .disconnected: addDisconnected(event)
    case .acknowledged(let ids): for id in ids { events.tellAcknowledged(id, from: head) }
    case .connected, .subscriptionRefused: events.append(event)
    }
  }

  private mutating func add(_ message: IncomingMessage) {
    guard messages < Self.messageCapacity, messageBytes + message.payload.count <= Self.byteCapacity else {
      droppedMessages += 1
      return
    }
    messages += 1
    messageBytes += message.payload.count
    events.append(.message(message))
  }

  /// Where the owner has not even read the disconnection before this one, the connection in between is
  /// left out: the unread one already says that everything has to be sent again.
  private mutating func addDisconnected(_ event: LinkEvent) {
    // An unread refusal belongs to the connection that is gone; the next one tells it again.
    events = Array(events[head...].filter { !$0.isRefusal })
    head = 0
    let unread = events.indices[head...]
    let states = unread.filter { events[$0].isStateChange }
    guard let last = states.last, states.contains(where: { events[$0].isDisconnection }) else {
      events.append(event)
      return
    }
    if events[last] == .connected { events.remove(at: last) } else { events[last] = event }
  }
}

extension [LinkEvent] {
  /// Acknowledgements that come one after another become one event: what each costs its reader is more than sending
  /// a message.
  /// - Parameter head: where what is unread begins.
  mutating func tellAcknowledged(_ id: UInt64, from head: Int = 0) {
    guard count > head, case .acknowledged(var ids)? = last else { return append(.acknowledged([id])) }
    // The only owner of the list adds to it in place.
    removeLast()
    ids.append(id)
    append(.acknowledged(ids))
  }
}

extension LinkEvent {
  var isStateChange: Bool { self == .connected || isDisconnection }

  var isDisconnection: Bool {
    if case .disconnected = self { true } else { false }
  }

  var isRefusal: Bool {
    if case .subscriptionRefused = self { true } else { false }
  }
}
