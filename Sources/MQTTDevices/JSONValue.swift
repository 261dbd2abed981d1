import Foundation

/// Any JSON value: what a sensor sends is decided by its maker.
enum JSONValue: Decodable, Hashable {
  case null
  case flag(Bool)
  case number(Double)
  case text(String)
  case list([JSONValue])
  case object([String: JSONValue])

  init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    if container.decodeNil() {
      self = .null
    } else if let flag = try? container.decode(Bool.self) {
      self = .flag(flag)
    } else if let number = try? container.decode(Double.self) {
      self = .number(number)
    } else if let text = try? container.decode(String.self) {
      self = .text(text)
    } else if let list = try? container.decode([JSONValue].self) {
      self = .list(list)
    } else {
      self = .object(try container.decode([String: JSONValue].self))
    }
  }

  /// The value under a key of an object, or at a position of a list ("0" is the first).
  subscript(key: String) -> JSONValue? {
    switch self {
    case .object(let members):
      return members[key]
    case .list(let items):
      guard let index = Int(key), items.indices.contains(index) else { return nil }
      return items[index]
    case .null, .flag, .number, .text:
      return nil
    }
  }
}
