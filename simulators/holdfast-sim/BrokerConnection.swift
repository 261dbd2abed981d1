import CMosquitto
import EnergyModel
import Glibc
import Threads

/// One client of the broker on a thread of its own, connecting again by itself for ever.
///
/// The library is initialised once before, as ``Service`` does. Its own reconnecting gives up or never begins in some cases, so each connection has a fresh handle.
struct BrokerConnection: Sendable {
  struct Message: Sendable {
    var topic: String
    var payload: String
  }

  let broker: BrokerAddress
  let stop: StopSign
  var subscriptions: [String] = []
  /// What the broker publishes, retained, when the client is gone without a word.
  var will: Message?

  /// - Parameters:
  ///   - mayConnect: asked before each connection.
  ///   - serve: called about ten times a second while connected, on the calling thread; false ends the connection
  ///     without a word.
  func run(mayConnect: () -> Bool = { true }, _ serve: (BrokerClient) -> Bool) {
    let bell = stop.bell()
    while !stop.isRaised {
      if mayConnect() { serveOneConnection(serve) }
      bell.wait(until: MonotonicInstant.current + .milliseconds(Int64.random(in: 300...1500)))
    }
  }

  private func serveOneConnection(_ serve: (BrokerClient) -> Bool) {
    let inbox = Inbox(subscriptions: subscriptions)
    // The handle is destroyed before the inbox goes.
    withExtendedLifetime(inbox) {
      guard let handle = mosquitto_new(nil, true, Unmanaged.passUnretained(inbox).toOpaque()) else { return }
      defer { mosquitto_destroy(handle) }
      inbox.attach(to: handle)
      let client = BrokerClient(handle: handle, inbox: inbox)
      if let will { _ = client.announce(will) }
      guard mosquitto_connect(handle, broker.host, broker.port, 15) == MOSQ_ERR_SUCCESS.code else { return }
      while !stop.isRaised {
        guard mosquitto_loop(handle, 100, 1) == MOSQ_ERR_SUCCESS.code else { return }
        if inbox.isConnected, !serve(client) { return }
      }
      mosquitto_disconnect(handle)
    }
  }
}

/// A connection as its owner uses it, on the thread that runs it.
struct BrokerClient {
  fileprivate let handle: OpaquePointer
  fileprivate let inbox: Inbox

  /// False where the connection is of no use any more.
  func publish(_ payload: String, to topic: String, retained: Bool = false) -> Bool {
    withBytes(payload) { mosquitto_publish(handle, nil, topic, $0, $1, 0, retained) }
  }

  fileprivate func announce(_ will: BrokerConnection.Message) -> Bool {
    withBytes(will.payload) { mosquitto_will_set(handle, will.topic, $0, $1, 0, true) }
  }

  /// What came since the last call.
  func takeMessages() -> [BrokerConnection.Message] {
    defer { inbox.messages.removeAll() }
    return inbox.messages
  }

  private func withBytes(_ payload: String, _ body: (Int32, UnsafeRawPointer?) -> Int32) -> Bool {
    Array(payload.utf8).withUnsafeBytes { body(Int32($0.count), $0.baseAddress) } == MOSQ_ERR_SUCCESS.code
  }
}

/// Where libmosquitto's callbacks leave what they hear; they run inside `mosquitto_loop`, so on the same thread.
private final class Inbox {
  let subscriptions: [String]
  var isConnected = false
  /// What was retained is left out: it was meant for somebody else, long ago.
  var messages: [BrokerConnection.Message] = []
  init(subscriptions: [String]) { self.subscriptions = subscriptions }

  func attach(to handle: OpaquePointer) {
    mosquitto_connect_callback_set(handle) { handle, context, code in
      guard let context, code == 0 else { return }
      let inbox = Unmanaged<Inbox>.fromOpaque(context).takeUnretainedValue()
      inbox.isConnected = true
      for topic in inbox.subscriptions { mosquitto_subscribe(handle, nil, topic, 1) }
    }
    mosquitto_message_callback_set(handle) { _, context, message in
      guard let context, let message = message?.pointee, !message.retain else { return }
      let inbox = Unmanaged<Inbox>.fromOpaque(context).takeUnretainedValue()
      // A flood is cut.
      let (most, longest) = (1000, Int32(4096))
      guard inbox.messages.count < most, message.payloadlen <= longest else { return }
      let bytes = UnsafeRawBufferPointer(start: message.payload, count: Int(message.payloadlen))
      inbox.messages.append(
        .init(topic: String(cString: message.topic), payload: String(decoding: bytes, as: UTF8.self)))
    }
  }
}

extension mosq_err_t {
  fileprivate var code: Int32 { Int32(rawValue) }
}
