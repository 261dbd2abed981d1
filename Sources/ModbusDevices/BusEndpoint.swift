public import DeviceProfile

/// Where a bus is.
public enum BusEndpoint: Hashable, Sendable {
  /// A name or an address, looked up with every new connection.
  case tcp(host: String, port: Int)
  /// A serial port under a name that stays, such as those in `/dev/serial/by-id`.
  case serial(path: String, line: SerialLine)

  var isSerial: Bool { if case .serial = self { true } else { false } }
}
