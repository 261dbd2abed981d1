/// Any JSON value: what a peer sends is decided by the peer.
public enum JSONValue: Decodable, Hashable, Sendable {
  case null
  case flag(Bool)
  /// A whole number, exact.
  case integer(Int64)
  case number(Double)
  case text(String)
  case list([JSONValue])
  case object([String: JSONValue])

  public init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    if container.decodeNil() {
      self = .null
    } else if let flag = try? container.decode(Bool.self) {
      self = .flag(flag)
    } else if let number = try? container.decode(Double.self) {
      // A failed attempt costs much more than this look.
      let isWhole = number.rounded() == number && number.magnitude < 9.3e18
      self = (isWhole ? try? container.decode(Int64.self) : nil).map(JSONValue.integer) ?? .number(number)
    } else if let text = try? container.decode(String.self) {
      self = .text(text)
    } else if let list = try? container.decode([JSONValue].self) {
      self = .list(list)
    } else {
      self = .object(try container.decode([String: JSONValue].self))
    }
  }

  /// The value under a key of an object, or at a position of a list ("0" is the first).
  public subscript(key: String) -> JSONValue? {
    switch self {
    case .object(let members):
      return members[key]
    case .list(let items):
      guard let index = Int(key), items.indices.contains(index) else { return nil }
      return items[index]
    case .null, .flag, .integer, .number, .text:
      return nil
    }
  }
}
