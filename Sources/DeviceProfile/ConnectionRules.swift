/// How a device is reached.
public struct ConnectionRules: Hashable, Sendable {
  public var framings: Set<Framing>
  /// The TCP port that the vendor sets.
  public var port: Int
  /// How the vendor sets the serial line; nil where there is none or it is not known.
  public var line: SerialLine?
  /// Rest after a connection was made, before the first request.
  public var connectDelay: Duration
  /// How many clients the device serves at once; nil where nobody says. With 1 every further connection is refused, or
  /// costs the first.
  public var maximumClients: Int?
  /// After so long without a request the device closes the connection; nil where nobody says.
  public var idleClose: Duration?

  public init(
    framings: Set<Framing> = [.tcp, .rtu], port: Int = 502, line: SerialLine? = nil, connectDelay: Duration = .zero,
    maximumClients: Int? = nil, idleClose: Duration? = nil
  ) {
    self.framings = framings
    self.port = port
    self.line = line
    self.connectDelay = connectDelay
    self.maximumClients = maximumClients
    self.idleClose = idleClose
  }
}

/// How requests are wrapped. Others exist (RTU frames over TCP or UDP) that the Modbus library in use does not speak.
public enum Framing: String, CaseIterable, Hashable, Sendable {
  case tcp, rtu
}

/// Settings of a serial line, written `9600 8N1`.
public struct SerialLine: Hashable, Sendable, CustomStringConvertible {
  public enum Parity: String, Hashable, Sendable {
    case none = "N"
    case even = "E"
    case odd = "O"
  }

  /// Bits a second.
  public var baud: Int
  public var parity: Parity
  /// 1 or 2.
  public var stopBits: Int

  public init(baud: Int = 9600, parity: Parity = .none, stopBits: Int = 1) {
    self.baud = baud
    self.parity = parity
    self.stopBits = stopBits
  }

  /// Modbus RTU has eight data bits always. Nil where the text is no such setting.
  public init?(_ text: String) {
    let words = text.split(separator: " ")
    guard words.count == 2, let baud = Int(words[0]), Self.bauds.contains(baud), words[1].count == 3,
      words[1].first == "8", let parity = Parity(rawValue: String(words[1].dropFirst().prefix(1))),
      let stopBits = words[1].last?.wholeNumberValue, (1...2).contains(stopBits)
    else { return nil }
    self.init(baud: baud, parity: parity, stopBits: stopBits)
  }

  public static let bauds = [1200, 2400, 4800, 9600, 19200, 38400, 57600, 115_200]

  public var description: String { "\(baud) 8\(parity.rawValue)\(stopBits)" }
}
