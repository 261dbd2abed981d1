public import EnergyModel

/// What one connection to a broker needs to know.
///
/// Its descriptions and its mirror leave the password out, so that nothing that prints settings tells it.
public struct LinkSettings: Sendable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
  /// Unique at the broker: a second client of the same name throws the first one out.
  public var clientID: String
  /// A name or an address.
  public var host: String
  /// 1...65535.
  public var port: Int
  public var user: String?
  public var password: String?
  /// Path of a PEM file. Present: TLS 1.2 or newer, and the broker's certificate must be signed by it and
  /// carry the host's name. Nil: plain TCP.
  public var certificateAuthority: String?
  /// After this silence the broker is asked for a sign of life, after twice this the connection is given
  /// up. At least 5 s (the library's lower bound), whole seconds.
  public var keepAlive: Duration
  /// What the broker tells the others when this link dies without saying goodbye.
  public var will: OutgoingMessage?
  /// Topic filters, subscribed at QoS 1 on each connection.
  public var subscriptions: [String]
  /// Topic filters, subscribed at QoS 0: what comes while the link is away is not wanted.
  public var liveSubscriptions: [String]
  /// How many messages may be under way: handed over, and their acknowledgement not yet read. What protects live data
  /// is the bound of the bytes; 512 of the smallest that we send, 250 bytes, fill them. More would only cost: the
  /// library looks at all of them with each acknowledgement.
  public var inFlightWindow: Int
  /// How many bytes of topics and payloads may be under way. One larger message goes when nothing else does.
  public var inFlightBytes: Int
  /// True leaves messages with the broker while many are unread, for owners to whom a late message is worth as much
  /// as a fresh one. An owner that does not read for twice the keepalive loses the connection. False drops and counts
  /// what finds no room, for owners that take a message for news.
  public var holdsBack: Bool
  /// False lets the broker keep subscriptions and messages while the link is away.
  public var isCleanSession: Bool

  public init(
    clientID: String, host: String, port: Int = 1883, user: String? = nil, password: String? = nil,
    certificateAuthority: String? = nil, keepAlive: Duration = .seconds(20), will: OutgoingMessage? = nil,
    subscriptions: [String] = [], liveSubscriptions: [String] = [], inFlightWindow: Int = 512,
    inFlightBytes: Int = 128_000,
    isCleanSession: Bool = true, holdsBack: Bool = false
  ) {
    self.clientID = clientID
    self.host = host
    self.port = port
    self.user = user
    self.password = password
    self.certificateAuthority = certificateAuthority
    self.keepAlive = keepAlive
    self.will = will
    self.subscriptions = subscriptions
    self.liveSubscriptions = liveSubscriptions
    self.inFlightWindow = inFlightWindow
    self.inFlightBytes = inFlightBytes
    self.isCleanSession = isCleanSession
    self.holdsBack = holdsBack
  }

  public var description: String {
    "\(certificateAuthority == nil ? "mqtt" : "mqtts")://\(host):\(port) as \(clientID)"
  }

  public var debugDescription: String { description }

  public var customMirror: Mirror { Mirror(self, children: ["address": description]) }

  /// The keepalive as the library takes it: 5...65535 whole seconds.
  var keepAliveSeconds: Int32 { Int32(min(max(5, keepAlive.components.seconds), 65535)) }

  /// True where nothing needs to be looked up: an IPv4 or IPv6 address in digits.
  var isHostAnAddress: Bool { host.contains(":") || host.allSatisfy { $0 == "." || $0.isASCII && $0.isNumber } }
}
