/// Something worth telling a person or an aggregator. It becomes a record of the event log.
public struct Event: Hashable, Sendable {
  public enum Severity: String, Hashable, Codable, Sendable {
    case info
    /// Recovered, nothing lost.
    case warning
    /// Lost something, or needs a person. Committed within 250 ms.
    case alarm
  }

  /// A value in an event's `data`.
  public enum Value: Hashable, Sendable, ExpressibleByStringLiteral, ExpressibleByIntegerLiteral {
    case text(String)
    case integer(Int64)
    case number(Double)
    case flag(Bool)

    public init(stringLiteral value: String) { self = .text(value) }
    public init(integerLiteral value: Int64) { self = .integer(value) }
  }

  public var at: Moment
  /// A stable name in kebab case: `device-lost`, `device-back`, `wrong-serial`, `payload-malformed`, …
  public var name: String
  public var severity: Severity
  public var device: DeviceID?
  public var text: String
  public var data: [String: Value]

  public init(
    at: Moment, name: String, severity: Severity, device: DeviceID? = nil, text: String, data: [String: Value] = [:]
  ) {
    self.at = at
    self.name = name
    self.severity = severity
    self.device = device
    self.text = text
    self.data = data
  }
}
