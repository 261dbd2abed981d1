import EnergyModel
import Foundation

/// Reads what peers write on `command` and `heartbeat/{channel}`. Nothing in a payload may stop the agent; whatever is wrong
/// with it is told at once and as a whole.
enum CommandText {
  struct Refusal: Error, Hashable, Sendable {
    /// Of the command, as far as it has one.
    var id: String?
    var text: String
  }

  /// More is not looked at.
  static let largestPayload = 16 << 10
  /// 9999-12-31T23:59:59Z; beyond lies nothing that anybody means.
  private static let lastTime: Int64 = 253_402_300_799_000
  private static let longestSeconds: Int64 = 3_000_000_000

  /// The first line. A second one would sign it; no destination has a key in this version.
  static func command(_ payload: [UInt8]) throws(Refusal) -> Command {
    let members = try object(Array(payload.prefix { $0 != UInt8(ascii: "\n") }), size: payload.count)
    var reader = Reader(members: members)
    reader.version()
    let id = reader.word("id")
    let site = reader.text("site")
    let issuer = reader.word("issuer")
    let counter = reader.integer("counter", in: 0...Int64.max)
    let issued = reader.integer("issued", in: 0...lastTime)
    let start = reader.optionalInteger("start", in: 0...lastTime)
    let duration = reader.optionalInteger("duration_s", in: 1...longestSeconds)
    let kind = reader.text("kind")
    let parameters = reader.parameters()
    reader.refuseUnknown([
      "v", "id", "site", "issuer", "counter", "issued", "start", "duration_s", "kind", "parameters",
    ])
    guard reader.problems.isEmpty, let id, let site, let issuer, let counter, let issued, let kind, let parameters
    else {
      throw Refusal(id: id, text: reader.problems.joined(separator: "; "))
    }
    return Command(
      id: id, site: site, issuer: issuer, counter: counter, issued: Timestamp(milliseconds: issued),
      start: start.map { Timestamp(milliseconds: $0) }, duration: duration.map { .seconds($0) }, kind: kind,
      parameters: parameters)
  }

  /// `{"t":1763659200123}`: when it was sent.
  static func heartbeat(_ payload: [UInt8]) throws(Refusal) -> Timestamp {
    var reader = Reader(members: try object(payload, size: payload.count))
    guard let time = reader.integer("t", in: 0...lastTime) else {
      throw Refusal(id: nil, text: reader.problems.joined(separator: "; "))
    }
    return Timestamp(milliseconds: time)
  }

  private static func object(_ bytes: [UInt8], size: Int) throws(Refusal) -> [String: JSONValue] {
    guard size <= largestPayload else { throw Refusal(id: nil, text: "\(size) bytes, \(largestPayload) are the most") }
    guard let value = try? JSONDecoder().decode(JSONValue.self, from: Data(bytes)) else {
      throw Refusal(id: nil, text: "it is no JSON")
    }
    guard case .object(let members) = value else { throw Refusal(id: nil, text: "it is no JSON object") }
    return members
  }

  /// Reads members and gathers what is wrong with them.
  private struct Reader {
    let members: [String: JSONValue]
    private(set) var problems: [String] = []

    init(members: [String: JSONValue]) { self.members = members }

    mutating func version() {
      if case .integer(1)? = members["v"] { return }
      problems.append("v is not 1")
    }

    /// Names something in text, topics and files: visible ASCII without spaces.
    mutating func word(_ name: String) -> String? {
      if case .text(let text)? = members[name], (1...64).contains(text.utf8.count),
        text.utf8.allSatisfy({ (0x21...0x7e).contains($0) })
      {
        return text
      }
      problems.append("\(name) is not 1 to 64 visible ASCII characters")
      return nil
    }

    mutating func text(_ name: String) -> String? {
      if case .text(let text)? = members[name], !text.isEmpty, text.utf8.count <= 256 { return text }
      problems.append("\(name) is missing or no text")
      return nil
    }

    mutating func optionalInteger(_ name: String, in range: ClosedRange<Int64>) -> Int64? {
      switch members[name] {
      case nil, .null?: nil
      default: integer(name, in: range)
      }
    }

    mutating func integer(_ name: String, in range: ClosedRange<Int64>) -> Int64? {
      if case .integer(let integer)? = members[name], range.contains(integer) { return integer }
      problems.append("\(name) is not a whole number from \(range.lowerBound) to \(range.upperBound)")
      return nil
    }

    mutating func parameters() -> [String: Command.Parameter]? {
      guard let value = members["parameters"] else { return [:] }
      guard case .object(let values) = value, values.count <= 32 else {
        problems.append("parameters is no object of at most 32 members")
        return nil
      }
      var parameters: [String: Command.Parameter] = [:]
      for (name, value) in values.sorted(by: { $0.key < $1.key }) {
        guard let parameter = Command.Parameter(value) else {
          problems.append("the parameter \(shown(name)) is neither a number, a text, a flag nor a list of texts")
          continue
        }
        parameters[name] = parameter
      }
      return parameters
    }

    mutating func refuseUnknown(_ known: Set<String>) {
      let unknown = members.keys.filter { !known.contains($0) }.sorted()
      guard !unknown.isEmpty else { return }
      problems.append("unknown: \(unknown.prefix(4).map(shown).joined(separator: ", "))")
    }

    private func shown(_ name: String) -> String {
      String(String.UnicodeScalarView(name.unicodeScalars.prefix(64).filter { $0.value >= 0x20 && $0.value != 0x7f }))
    }
  }
}

extension Command.Parameter {
  /// Nil for what no kind takes.
  fileprivate init?(_ value: JSONValue) {
    switch value {
    case .null: self = .nothing
    case .flag(let flag): self = .flag(flag)
    case .integer(let integer): self = .number(Double(integer))
    case .number(let number): self = .number(number)
    case .text(let text): self = .text(text)
    case .list(let items):
      let texts = items.compactMap { if case .text(let text) = $0 { text } else { nil } }
      guard texts.count == items.count else { return nil }
      self = .texts(texts)
    case .object: return nil
    }
  }
}
