import EnergyModel
import Foundation

/// Places in a JSON text that somebody asks for, put together so that one pass finds them all.
struct JSONPlaces: Sendable {
  fileprivate struct Node: Sendable {
    var children: [(key: [UInt8], node: Int)] = []
    /// Which place ends here.
    var place: Int?
  }

  fileprivate var nodes = [Node()]
  private(set) var count = 0

  /// - Parameter paths: keys from outermost to innermost; a number counts into a list. The same path may come twice.
  init(_ paths: [[String]]) {
    for path in paths { add(path) }
  }

  private(set) var indices: [[String]: Int] = [:]

  private mutating func add(_ path: [String]) {
    guard indices[path] == nil else { return }
    var node = 0
    for key in path.map({ Array($0.utf8) }) {
      if let next = nodes[node].children.first(where: { $0.key == key })?.node {
        node = next
      } else {
        nodes.append(Node())
        nodes[node].children.append((key, nodes.count - 1))
        node = nodes.count - 1
      }
    }
    nodes[node].place = count
    indices[path] = count
    count += 1
  }
}

/// One pass over a JSON text (RFC 8259) that checks all of it and keeps what was asked for. Sensors say the same few things
/// again and again, and a general decoder takes twenty times as long.
///
/// Text that is passed over is not checked for being UTF-8. Of equal keys in an object the last one counts.
struct JSONScan {
  struct Fault: Error {}

  /// As deep as any sensor's payload, and far from what a thread's stack bears.
  static let deepest = 64

  private let bytes: UnsafeBufferPointer<UInt8>
  private let places: JSONPlaces
  private var position = 0
  private var found: [JSONValue?]

  /// The value at each place; nil where there is none. A structure is told as an empty one.
  static func values(at places: JSONPlaces, in bytes: [UInt8]) throws(Fault) -> [JSONValue?] {
    let result: Result<[JSONValue?], Fault> = bytes.withUnsafeBufferPointer { buffer in
      var scan = JSONScan(bytes: buffer, places: places)
      do throws(Fault) {
        scan.skipSpace()
        try scan.value(node: 0, depth: 0)
        scan.skipSpace()
        guard scan.position == buffer.count else { throw Fault() }
        return .success(scan.found)
      } catch {
        return .failure(error)
      }
    }
    return try result.get()
  }

  private init(bytes: UnsafeBufferPointer<UInt8>, places: JSONPlaces) {
    self.bytes = bytes
    self.places = places
    found = Array(repeating: nil, count: places.count)
  }

  private var next: UInt8? { position < bytes.count ? bytes[position] : nil }

  private mutating func skipSpace() {
    while let byte = next, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { position += 1 }
  }

  private mutating func take(_ byte: UInt8) -> Bool {
    guard next == byte else { return false }
    position += 1
    return true
  }

  /// - Parameter node: of the places that lie at or below this value; nil where nobody asks for it.
  private mutating func value(node: Int?, depth: Int) throws(Fault) {
    let place = node.flatMap { places.nodes[$0].place }
    switch next {
    case UInt8(ascii: "{"):
      keep(.object([:]), at: place)
      try object(node: node, depth: depth + 1)
    case UInt8(ascii: "["):
      keep(.list([]), at: place)
      try list(node: node, depth: depth + 1)
    case UInt8(ascii: "\""):
      let text = try string()
      if place != nil { keep(.text(try decoded(text)), at: place) }
    case UInt8(ascii: "t"):
      try word("true")
      keep(.flag(true), at: place)
    case UInt8(ascii: "f"):
      try word("false")
      keep(.flag(false), at: place)
    case UInt8(ascii: "n"):
      try word("null")
      keep(.null, at: place)
    default:
      let number = try number(isWanted: place != nil)
      if let number { keep(number, at: place) }
    }
  }

  private mutating func keep(_ value: JSONValue, at place: Int?) {
    if let place { found[place] = value }
  }

  private mutating func object(node: Int?, depth: Int) throws(Fault) {
    guard depth <= Self.deepest else { throw Fault() }
    position += 1
    skipSpace()
    if take(UInt8(ascii: "}")) { return }
    while true {
      let key = try string()
      skipSpace()
      guard take(UInt8(ascii: ":")) else { throw Fault() }
      skipSpace()
      var child: Int?
      if let node, !places.nodes[node].children.isEmpty { child = try self.child(of: node, key) }
      try value(node: child, depth: depth)
      skipSpace()
      if take(UInt8(ascii: "}")) { return }
      guard take(UInt8(ascii: ",")) else { throw Fault() }
      skipSpace()
    }
  }

  private mutating func list(node: Int?, depth: Int) throws(Fault) {
    guard depth <= Self.deepest else { throw Fault() }
    position += 1
    skipSpace()
    if take(UInt8(ascii: "]")) { return }
    var index = 0
    while true {
      let children = node.map { places.nodes[$0].children } ?? []
      let child = children.isEmpty ? nil : children.first { $0.key.elementsEqual("\(index)".utf8) }?.node
      try value(node: child, depth: depth)
      index += 1
      skipSpace()
      if take(UInt8(ascii: "]")) { return }
      guard take(UInt8(ascii: ",")) else { throw Fault() }
      skipSpace()
    }
  }

  private func child(of node: Int, _ key: Text) throws(Fault) -> Int? {
    if !key.isEscaped {
      let slice = bytes[key.range]
      return places.nodes[node].children.first { $0.key.count == slice.count && slice.elementsEqual($0.key) }?.node
    }
    let text = try decoded(key)
    return places.nodes[node].children.first { $0.key.elementsEqual(text.utf8) }?.node
  }

  // MARK: scalars

  private mutating func word(_ word: StaticString) throws(Fault) {
    let count = word.utf8CodeUnitCount
    guard position + count <= bytes.count else { throw Fault() }
    for offset in 0..<count where bytes[position + offset] != word.utf8Start[offset] { throw Fault() }
    position += count
  }

  private struct Text {
    var range: Range<Int>
    var isEscaped: Bool
  }

  private mutating func string() throws(Fault) -> Text {
    guard take(UInt8(ascii: "\"")) else { throw Fault() }
    let start = position
    var isEscaped = false
    while let byte = next {
      position += 1
      switch byte {
      case UInt8(ascii: "\""): return Text(range: start..<(position - 1), isEscaped: isEscaped)
      case UInt8(ascii: "\\"):
        isEscaped = true
        try escape()
      case ..<0x20: throw Fault()
      default: break
      }
    }
    throw Fault()
  }

  private mutating func escape() throws(Fault) {
    guard let byte = next else { throw Fault() }
    position += 1
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"), UInt8(ascii: "f"),
      UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
      return
    case UInt8(ascii: "u"):
      guard position + 4 <= bytes.count else { throw Fault() }
      for _ in 0..<4 {
        guard bytes[position].isHexDigit else { throw Fault() }
        position += 1
      }
    default: throw Fault()
    }
  }

  /// Escapes are rare: the library decodes such a text.
  private func decoded(_ text: Text) throws(Fault) -> String {
    let slice = bytes[text.range]
    if text.isEscaped {
      let quoted = [UInt8(ascii: "\"")] + slice + [UInt8(ascii: "\"")]
      guard let decoded = try? JSONDecoder().decode(String.self, from: Data(quoted)) else { throw Fault() }
      return decoded
    }
    guard let valid = String(validating: slice, as: UTF8.self) else { throw Fault() }
    return valid
  }

  /// Nil where it is not wanted.
  private mutating func number(isWanted: Bool) throws(Fault) -> JSONValue? {
    let start = position
    let isNegative = take(UInt8(ascii: "-"))
    let whole = try digits()
    guard whole.count == 1 || bytes[whole.lowerBound] != UInt8(ascii: "0") else { throw Fault() }
    var fraction = position..<position
    if take(UInt8(ascii: ".")) { fraction = try digits() }
    var hasExponent = false
    if next == UInt8(ascii: "e") || next == UInt8(ascii: "E") {
      hasExponent = true
      position += 1
      if next == UInt8(ascii: "-") || next == UInt8(ascii: "+") { position += 1 }
      _ = try digits()
    }
    guard isWanted else { return nil }
    if !hasExponent, whole.count + fraction.count <= 15 {
      return exact(whole, fraction, isNegative: isNegative)
    }
    let text = String(decoding: bytes[start..<position], as: UTF8.self)
    if fraction.isEmpty, !hasExponent, let integer = Int64(text) { return .integer(integer) }
    guard let number = Double(text), number.isFinite else { throw Fault() }
    return .number(number)
  }

  /// At most 15 digits: numerator and power of ten are exact, so their quotient is rounded once, which is right
  /// (W. D. Clinger, "How to Read Floating Point Numbers Accurately", 1990).
  private func exact(_ whole: Range<Int>, _ fraction: Range<Int>, isNegative: Bool) -> JSONValue {
    var mantissa: Int64 = 0
    for index in whole { mantissa = mantissa * 10 + Int64(bytes[index] - 48) }
    for index in fraction { mantissa = mantissa * 10 + Int64(bytes[index] - 48) }
    if fraction.isEmpty, !(isNegative && mantissa == 0) { return .integer(isNegative ? -mantissa : mantissa) }
    let quotient = Double(mantissa) / Self.powersOfTen[fraction.count]
    return .number(isNegative ? -quotient : quotient)
  }

  private static let powersOfTen: [Double] = [
    1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
  ]

  /// One or more.
  private mutating func digits() throws(Fault) -> Range<Int> {
    let start = position
    while let byte = next, byte >= 48, byte <= 57 { position += 1 }
    guard position > start else { throw Fault() }
    return start..<position
  }
}

extension UInt8 {
  fileprivate var isHexDigit: Bool {
    switch self {
    case 48...57, 65...70, 97...102: true
    default: false
    }
  }
}
