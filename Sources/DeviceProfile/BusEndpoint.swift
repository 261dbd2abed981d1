/// Where a bus is.
public enum BusEndpoint: Hashable, Sendable {
  /// A name or an address, looked up with every new connection.
  case tcp(host: String, port: Int)
  /// A serial port under a name that stays, such as those in `/dev/serial/by-id`.
  case serial(path: String, line: SerialLine)

  public var framing: Framing {
    switch self {
    case .tcp: .tcp
    case .serial: .rtu
    }
  }
}

/// Where the registers of a bus are served to others.
public struct ServedAddress: Hashable, Sendable, CustomStringConvertible {
  /// An address of this machine, not a name: who may read is not left to a name service.
  public var address: String
  public var port: Int

  public init(address: String, port: Int) {
    self.address = address
    self.port = port
  }

  public var description: String { address.contains(":") ? "[\(address)]:\(port)" : "\(address):\(port)" }
}
