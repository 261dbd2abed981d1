import DeviceProfile
import EnergyModel
import Foundation

/// What is read from the payloads on one topic for one sensor: found in one pass over each.
struct PayloadLayout: Sendable {
  let message: SensorDefinition.Message
  /// Nil where the payload is the value itself.
  let places: JSONPlaces?
  /// Of each value, its place; nil where the payload is the value.
  let values: [(value: SensorDefinition.Value, place: Int?)]
  let time: (definition: SensorDefinition.PayloadTime, place: Int)?

  init(_ message: SensorDefinition.Message) {
    self.message = message
    let paths = message.values.map(\.path) + (message.time.map { [$0.path] } ?? [])
    let places = JSONPlaces(paths.filter { !$0.isEmpty })
    self.places = places.count > 0 ? places : nil
    values = message.values.map { ($0, places.indices[$0.path]) }
    time = message.time.flatMap { time in places.indices[time.path].map { (time, $0) } }
  }
}

/// The payload of one message.
struct SensorPayload {
  private let bytes: [UInt8]
  private let found: Result<[JSONValue?], PayloadFault>

  init(_ bytes: [UInt8], at places: JSONPlaces?) {
    self.bytes = bytes
    found = Self.parse(bytes, places)
  }

  /// The number that `value` is read from; nil where JSON says `null`.
  func number(_ value: SensorDefinition.Value, at place: Int?) throws(PayloadFault) -> Double? {
    guard let place else { return try bareNumber(words: value.words) }
    switch try self.value(at: place, value.path) {
    case .null:
      return nil
    case .integer(let integer):
      return Double(integer)
    case .number(let number):
      return number
    case .text(let text):
      guard let number = value.words[text] ?? NumberText.parse(text) else {
        throw PayloadFault("\(Self.name(value.path)) is text that is no number")
      }
      return number
    case .flag(let flag):
      if let number = value.words[flag ? "true" : "false"] { return number }
      // Only where 0 and 1 are all there is, a flag can mean a number.
      guard value.point.plausibleRange == 0...1 else {
        throw PayloadFault("\(Self.name(value.path)) is \(flag), not a number")
      }
      return flag ? 1 : 0
    case .list, .object:
      throw PayloadFault("\(Self.name(value.path)) is not a number but a structure")
    }
  }

  /// When it says that it was measured.
  func time(_ time: SensorDefinition.PayloadTime, at place: Int) throws(PayloadFault) -> Timestamp {
    guard let stamp = PayloadTime.parse(try value(at: place, time.path), as: time.format) else {
      throw PayloadFault("\(Self.name(time.path)) is no time as it was told (\(time.format.rawValue))")
    }
    return stamp
  }

  /// The word at the first place, or the whole payload where there are no places; nil where there is none.
  func word(isWhole: Bool) -> String? {
    if isWhole { return bytes.count <= 256 ? bareText : nil }
    switch try? found.get().first {
    case .some(.some(.text(let text))): return text
    case .some(.some(.flag(let flag))): return flag ? "true" : "false"
    default: return nil
    }
  }

  private func value(at place: Int, _ path: [String]) throws(PayloadFault) -> JSONValue {
    guard let value = try found.get()[place] else {
      throw PayloadFault("has no \(Self.name(path))", isAbsence: true)
    }
    return value
  }

  private static func name(_ path: [String]) -> String { path.joined(separator: ".") }

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

  private static func parse(_ bytes: [UInt8], _ places: JSONPlaces?) -> Result<[JSONValue?], PayloadFault> {
    do throws(PayloadFault) { try checkSize(bytes) } catch { return .failure(error) }
    guard let places else { return .success([]) }
    do throws(JSONScan.Fault) {
      return .success(try JSONScan.values(at: places, in: bytes))
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
