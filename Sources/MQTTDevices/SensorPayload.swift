import DeviceProfile
import EnergyModel
import Foundation

/// The payload of one message, parsed at most once for all the values in it.
struct SensorPayload {
  private let bytes: [UInt8]
  private let json: Result<JSONValue, PayloadFault>

  /// - Parameter isJSON: false where nobody looks for values under keys.
  init(_ bytes: [UInt8], isJSON: Bool = true) {
    self.bytes = bytes
    json = isJSON ? Self.parse(bytes) : .failure(PayloadFault("is not JSON", concernsAll: true))
  }

  /// The number that `value` is read from; nil where JSON says `null`.
  func number(_ value: SensorDefinition.Value) throws(PayloadFault) -> Double? {
    if value.path.isEmpty { return try bareNumber(words: value.words) }
    let name = value.path.joined(separator: ".")
    switch try found(at: value.path) {
    case .null:
      return nil
    case .integer(let integer):
      return Double(integer)
    case .number(let number):
      return number
    case .text(let text):
      guard let number = value.words[text] ?? NumberText.parse(text) else {
        throw PayloadFault("\(name) is text that is no number")
      }
      return number
    case .flag(let flag):
      if let number = value.words[flag ? "true" : "false"] { return number }
      // Only where 0 and 1 are all there is, a flag can mean a number.
      guard value.point.plausibleRange == 0...1 else { throw PayloadFault("\(name) is \(flag), not a number") }
      return flag ? 1 : 0
    case .list, .object:
      throw PayloadFault("\(name) is not a number but a structure")
    }
  }

  /// When it says that it was measured.
  func time(_ time: SensorDefinition.PayloadTime) throws(PayloadFault) -> Timestamp {
    guard let stamp = PayloadTime.parse(try found(at: time.path), as: time.format) else {
      throw PayloadFault("\(time.path.joined(separator: ".")) is no time as it was told (\(time.format.rawValue))")
    }
    return stamp
  }

  /// The word at `path` (the whole payload for an empty one); nil where there is none.
  func word(at path: [String]) -> String? {
    if path.isEmpty { return bytes.count <= 256 ? bareText : nil }
    switch try? found(at: path) {
    case .text(let text): return text
    case .flag(let flag): return flag ? "true" : "false"
    default: return nil
    }
  }

  private func found(at path: [String]) throws(PayloadFault) -> JSONValue {
    var value = try json.get()
    for key in path {
      guard let next = value[key] else {
        throw PayloadFault("has no \(path.joined(separator: "."))", isAbsence: true)
      }
      value = next
    }
    return value
  }

  /// The beginning of the payload, at most 80 bytes of it, fit for one line of a log.
  var excerpt: String {
    guard !bytes.isEmpty else { return "" }
    let text = String(decoding: bytes.prefix(80), as: UTF8.self)
    let line = String(text.map { $0.isNewline || $0.isControl ? " " : $0 })
    return " in: \(line)\(bytes.count > 80 ? "…" : "")"
  }

  private var bareText: String {
    String(decoding: bytes, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
  }

  private func bareNumber(words: [String: Double]) throws(PayloadFault) -> Double {
    try Self.checkSize(bytes)
    let text = bareText
    guard let number = words[text] ?? NumberText.parse(text) else {
      throw PayloadFault(words.isEmpty ? "is not a number" : "is none of the words it may be", concernsAll: true)
    }
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
  /// True when a value is just not there.
  var isAbsence: Bool

  init(_ text: String, concernsAll: Bool = false, isAbsence: Bool = false) {
    self.text = text
    self.concernsAll = concernsAll
    self.isAbsence = isAbsence
  }
}

extension Character {
  fileprivate var isControl: Bool { unicodeScalars.allSatisfy { $0.properties.generalCategory == .control } }
}
