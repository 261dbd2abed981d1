import EnergyModel
import Foundation

/// The payload of one message, parsed at most once for all the values in it.
struct SensorPayload {
  private let bytes: [UInt8]
  private let json: Result<JSONValue, PayloadFault>

  init(_ bytes: [UInt8]) {
    self.bytes = bytes
    json = Self.parse(bytes)
  }

  /// The number at `path` (the whole payload for an empty one); nil where JSON says `null`.
  func number(at path: [String], for point: Point) throws(PayloadFault) -> Double? {
    if path.isEmpty { return try bareNumber() }
    let name = path.joined(separator: ".")
    var value = try json.get()
    for key in path {
      guard let next = value[key] else { throw PayloadFault("has no \(name)") }
      value = next
    }
    switch value {
    case .null:
      return nil
    case .integer(let integer):
      return Double(integer)
    case .number(let number):
      return number
    case .text(let text):
      guard let number = NumberText.parse(text) else { throw PayloadFault("\(name) is text that is no number") }
      return number
    case .flag(let flag):
      // Only where 0 and 1 are all there is, a flag can mean a number.
      guard point.plausibleRange == 0...1 else { throw PayloadFault("\(name) is \(flag), not a number") }
      return flag ? 1 : 0
    case .list, .object:
      throw PayloadFault("\(name) is not a number but a structure")
    }
  }

  /// The beginning of the payload, at most 80 bytes of it, fit for one line of a log.
  var excerpt: String {
    guard !bytes.isEmpty else { return "" }
    let text = String(decoding: bytes.prefix(80), as: UTF8.self)
    let line = String(text.map { $0.isNewline || $0.isControl ? " " : $0 })
    return " in: \(line)\(bytes.count > 80 ? "…" : "")"
  }

  private func bareNumber() throws(PayloadFault) -> Double {
    try Self.checkSize(bytes)
    let text = String(decoding: bytes, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
    guard let number = NumberText.parse(text) else { throw PayloadFault("is not a number", concernsAll: true) }
    return number
  }

  private static func parse(_ bytes: [UInt8]) -> Result<JSONValue, PayloadFault> {
    do throws(PayloadFault) { try checkSize(bytes) } catch { return .failure(error) }
    do {
      return .success(try JSONDecoder().decode(JSONValue.self, from: Data(bytes)))
    } catch {
      return .failure(PayloadFault("is not JSON", concernsAll: true))
    }
  }

  private static func checkSize(_ bytes: [UInt8]) throws(PayloadFault) {
    guard !bytes.isEmpty else { throw PayloadFault("is empty", concernsAll: true) }
    guard bytes.count <= SensorTopics.longestPayload else {
      throw PayloadFault(
        "has \(bytes.count) bytes, more than \(SensorTopics.longestPayload)", concernsAll: true)
    }
  }
}

/// What is wrong with a payload, as the end of a sentence that begins with the topic.
struct PayloadFault: Error, Hashable {
  var text: String
  /// True when no value of the payload can be had.
  var concernsAll: Bool

  init(_ text: String, concernsAll: Bool = false) {
    self.text = text
    self.concernsAll = concernsAll
  }
}

extension Character {
  fileprivate var isControl: Bool { unicodeScalars.allSatisfy { $0.properties.generalCategory == .control } }
}
