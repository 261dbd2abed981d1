import EnergyModel
import Foundation

/// One JSON object whose members are asked for by name and type.
struct JSONObject {
  private let members: [String: Any]

  /// A live message is some hundred kilobytes.
  static let longestText = 4 << 20

  init(_ text: [UInt8]) throws {
    guard text.count <= Self.longestText else { throw Unreadable("more than 4 MiB of JSON") }
    guard let members = try? JSONSerialization.jsonObject(with: Data(text)) as? [String: Any] else {
      throw Unreadable("not a JSON object")
    }
    self.members = members
  }

  private init(_ members: [String: Any]) { self.members = members }

  func has(_ name: String) -> Bool { members[name] != nil }

  func flag(_ name: String) -> Bool? { members[name] as? Bool }

  func string(_ name: String) throws -> String {
    guard let string = members[name] as? String else { throw Unreadable("\(name) is no text") }
    return string
  }

  func integer(_ name: String) throws -> Int64 {
    guard let number = members[name] as? NSNumber, NSNumber(value: number.int64Value) == number else {
      throw Unreadable("\(name) is no integer")
    }
    return number.int64Value
  }

  /// A sequence number: at least 1. SQLite keeps 63 bits, which last for ever.
  func number(_ name: String) throws -> UInt64 {
    let number = try integer(name)
    guard number > 0, number < .max else { throw Unreadable("\(name) is no sequence number") }
    return UInt64(number)
  }

  func range(_ first: String, _ last: String) throws -> SequenceRange {
    let (first, last) = (try number(first), try number(last))
    guard first <= last else { throw Unreadable("a range runs downwards") }
    return SequenceRange(first, last)
  }

  func time(_ name: String) throws -> Timestamp { Timestamp(milliseconds: try integer(name)) }

  func epoch(_ name: String) throws -> Epoch {
    guard let epoch = Epoch(try string(name)) else { throw Unreadable("\(name) is no epoch") }
    return epoch
  }

  func objects(_ name: String) throws -> [JSONObject] {
    guard let objects = members[name] as? [[String: Any]] else { throw Unreadable("\(name) is no list of objects") }
    return objects.map { JSONObject($0) }
  }

  /// With the members in the order of their names. Foundation's own writer sorts them by the rules of a language, which
  /// takes six times as long as everything else that is done for a record.
  func sortedText() -> String {
    var json = JSONText()
    Self.write(members, &json)
    return json.text
  }

  private static func write(_ value: Any, _ json: inout JSONText) {
    switch value {
    case let number as NSNumber where number.objCType.pointee == boolean: json.value(number.boolValue)
    case let number as NSNumber: json.raw(number.stringValue)
    case let text as String: json.value(text)
    case let values as [Any]: json.array { json in for value in values { write(value, &json) } }
    case let members as [String: Any]:
      json.object { json in
        for (name, value) in members.sorted(by: { $0.key < $1.key }) {
          json.key(name)
          write(value, &json)
        }
      }
    default: json.null()
    }
  }

  /// As Foundation marks a number that was `true` or `false`.
  private static let boolean = NSNumber(value: true).objCType.pointee
}
