import CMosquitto
import EnergyModel
import Glibc

/// One libmosquitto client for one connection: made, connected once, and destroyed after any end. It is
/// never reconnected, because after a fatal code the library's own state is not to be relied on (traps,
/// libmosquitto 1 and 2), and because a new one cannot send an old message a second time (3).
///
/// Made on the thread of a ``Dial``, then it belongs to the link's thread. Callbacks run inside ``receive()``, ``transmit()`` and ``tend()``, under
/// a lock of the library that is not recursive: they note what happened in ``signals`` and return (6).
final class MosquittoHandle {
  enum Signal {
    case answered(Int32)
    case published(Int32)
    case subscribed(Int32, isGranted: Bool)
    case message(IncomingMessage)
  }

  let isEncrypted: Bool
  private let client: OpaquePointer
  private let time: any TimeSource
  private var signals: [Signal] = []
  private let acceptor: (any MessageAcceptor)?
  /// A message must come again: nothing may be written any more, because its PUBACK waits to be.
  private var mustNotWrite = false
  private var lastError: String?

  /// `mosquitto_lib_init` once, from whichever link comes first. It and `mosquitto_new` set SIGPIPE to be
  /// ignored in the whole process (10), which is what a program that writes to sockets wants.
  private static let library: Int32 = mosquitto_lib_init()

  init(_ settings: LinkSettings, time: any TimeSource, acceptor: (any MessageAcceptor)? = nil) throws(LinkFailure) {
    _ = Self.library
    guard let client = mosquitto_new(settings.clientID, settings.isCleanSession, nil) else {
      let error = errno
      throw LinkFailure("create", code: MOSQ_ERR_ERRNO.rawValue, systemError: error)
    }
    self.client = client
    self.time = time
    self.acceptor = acceptor
    isEncrypted = settings.certificateAuthority != nil
    mosquitto_user_data_set(client, Unmanaged.passUnretained(self).toOpaque())
    setCallbacks()
    try configure(settings)
  }

  /// Closes the socket without a goodbye when it is still open.
  deinit { mosquitto_destroy(client) }

  /// Begins to connect and returns; the look-up of the name blocks, for as long as the resolver likes (8).
  func connect(to settings: LinkSettings, route: LinkMachine.Route) throws(LinkFailure) {
    let isLiteralIPv6 = settings.host.contains(":")
    // A local address of one family leaves the library only the remote addresses of that family.
    let local = route == .ipv4 && !isLiteralIPv6 ? "0.0.0.0" : nil
    try check(
      "connect",
      mosquitto_connect_bind_async(
        client, settings.host, Int32(clamping: settings.port), settings.keepAliveSeconds, local))
  }

  /// -1 once the library has closed it.
  var socket: Int32 { mosquitto_socket(client) }
  var wantsToWrite: Bool { mosquitto_want_write(client) }

  /// Throws as well where a message must come again. What the library wanted to say to the broker then stays unsaid.
  func receive() throws(LinkFailure) {
    let code = mosquitto_loop_read(client, 1)
    if mustNotWrite { throw .notAccepted }
    try check("read", code)
  }
  func transmit() throws(LinkFailure) {
    if mustNotWrite { throw .notAccepted }
    try check("write", mosquitto_loop_write(client, 1))
  }

  /// While held, the socket sends full packets alone; what is left goes when it is let go. Of no consequence
  /// where the system refuses it.
  func holdPackets(_ isHeld: Bool) {
    var flag: Int32 = isHeld ? 1 : 0
    _ = setsockopt(socket, Int32(IPPROTO_TCP), TCP_CORK, &flag, socklen_t(MemoryLayout<Int32>.size))
  }

  /// Pings after the keepalive's silence and gives up when the answer stays away (7).
  func tend() throws(LinkFailure) { try check("keepalive", mosquitto_loop_misc(client)) }

  /// Throws what the system knows against the connection.
  func checkSocket() throws(LinkFailure) {
    var error: Int32 = 0
    var length = socklen_t(MemoryLayout<Int32>.size)
    guard getsockopt(socket, SOL_SOCKET, SO_ERROR, &error, &length) == 0, error != 0 else { return }
    throw LinkFailure("connect", code: MOSQ_ERR_ERRNO.rawValue, systemError: error)
  }

  func takeSignals() -> [Signal] {
    defer { signals.removeAll(keepingCapacity: true) }
    return signals
  }

  /// Connected: the log of errors explains handshakes, and for it the library writes a line for each packet that comes
  /// or goes. Not inside of a callback.
  func endListening() { mosquitto_log_callback_set(client, nil) }

  /// The library's number for the message; ``Signal/published(_:)`` repeats it.
  func publish(_ message: OutgoingMessage) throws(LinkFailure) -> Int32 {
    var identifier: Int32 = 0
    try check(
      "publish",
      mosquitto_publish(
        client, &identifier, message.topic, Int32(message.payload.count), message.payload,
        Int32(message.qualityOfService), message.isRetained))
    return identifier
  }

  func subscribe(to topic: String, qualityOfService: Int32) throws(LinkFailure) -> Int32 {
    var identifier: Int32 = 0
    try check("subscribe", mosquitto_subscribe(client, &identifier, topic, qualityOfService))
    return identifier
  }

  /// Sends DISCONNECT, as far as the socket takes it at once.
  func sayGoodbye() throws(LinkFailure) {
    try check("disconnect", mosquitto_disconnect(client))
    if socket >= 0 { try transmit() }
  }

  private func check(_ operation: String, _ code: Int32) throws(LinkFailure) {
    guard code != 0 else { return }
    let error = errno
    throw LinkFailure(operation, code: code, systemError: error, detail: lastError)
  }

  private func configure(_ settings: LinkSettings) throws(LinkFailure) {
    // We call the loop functions from a thread of ours. Said so, the library only queues while in a
    // callback, and PUBACK leaves after the message was handed over, not before (5).
    try check("configure", mosquitto_threaded_set(client, true))
    try check("configure", mosquitto_int_option(client, MOSQ_OPT_TCP_NODELAY, 1))
    // The library's window of 20 would queue behind ours without need.
    let window = Int32(min(max(1, settings.inFlightWindow), 65535))
    try check("configure", mosquitto_int_option(client, MOSQ_OPT_SEND_MAXIMUM, window))
    if settings.user != nil {
      try check("account", mosquitto_username_pw_set(client, settings.user, settings.password))
    }
    if let will = settings.will {
      try check(
        "will",
        mosquitto_will_set(
          client, will.topic, Int32(will.payload.count), will.payload, Int32(will.qualityOfService),
          will.isRetained))
    }
    if let file = settings.certificateAuthority {
      // Never a pre-shared key: such a client does not verify a broker's certificate. And without
      // "tlsv1.2" the library would accept TLS 1.1 (9).
      try check("read \(file)", mosquitto_tls_set(client, file, nil, nil, nil, nil))
      try check("configure", mosquitto_tls_opts_set(client, Self.verifyPeer, "tlsv1.2", nil))
    }
  }

  /// OpenSSL's `SSL_VERIFY_PEER`.
  private static let verifyPeer: Int32 = 1

  /// Set once before connecting: setting one inside a callback deadlocks (6).
  private func setCallbacks() {
    mosquitto_connect_callback_set(client) { _, context, code in
      MosquittoHandle.at(context)?.signals.append(.answered(code))
    }
    mosquitto_publish_callback_set(client) { _, context, identifier in
      MosquittoHandle.at(context)?.signals.append(.published(identifier))
    }
    mosquitto_subscribe_callback_set(client) { _, context, identifier, count, granted in
      // 0x80 is a refusal (MQTT 3.1.1, 3.9.3).
      let isGranted = count > 0 && granted?.pointee ?? 0x80 < 0x80
      MosquittoHandle.at(context)?.signals.append(.subscribed(identifier, isGranted: isGranted))
    }
    mosquitto_message_callback_set(client) { _, context, message in
      if let message { MosquittoHandle.at(context)?.take(message.pointee) }
    }
    mosquitto_log_callback_set(client) { _, context, level, text in
      guard level == MOSQ_LOG_ERR, let text else { return }
      MosquittoHandle.at(context)?.lastError = String(cString: text)
    }
  }

  private static func at(_ context: UnsafeMutableRawPointer?) -> MosquittoHandle? {
    context.map { Unmanaged<MosquittoHandle>.fromOpaque($0).takeUnretainedValue() }
  }

  /// The DUP flag is not looked at: it says nothing about whether this was delivered before (3). An acceptor blocks the
  /// library for a moment; that is what commands are allowed to, and they alone (6).
  private func take(_ message: mosquitto_message) {
    // What comes behind a message that must come again comes again too, in this order.
    guard !mustNotWrite, let topic = message.topic else { return }
    let payload = [UInt8](UnsafeRawBufferPointer(start: message.payload, count: Int(message.payloadlen)))
    let message = IncomingMessage(
      topic: String(cString: topic), payload: payload, isRetained: message.retain, received: time.now())
    if let acceptor, !acceptor.accept(message) {
      mustNotWrite = true
      return
    }
    signals.append(.message(message))
  }
}
