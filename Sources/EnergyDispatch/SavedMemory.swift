import EnergyModel

/// What control keeps over a restart, as lines of text: the first names the version, each further one is
/// `key<TAB>text`. Ages and remaining times are whole minutes, rounded so that they err to the safe side,
/// which also keeps the text from changing each second.
struct SavedMemory: Hashable, Sendable {
  private static let title = "holdfast control memory 1"
  /// Of ages: text that only they change is made anew this often, and meanwhile errs to the safe side.
  static let unit: Duration = .seconds(60)
  private var lines: [String: Substring] = [:]

  init() {}

  /// Of a text of another kind nothing is taken; a line that makes no sense is left out, and what it
  /// told counts as lost.
  init(_ bytes: [UInt8]) {
    let text = String(decoding: bytes, as: UTF8.self).split(separator: "\n")
    guard text.first.map(String.init) == Self.title else { return }
    for line in text.dropFirst() {
      let parts = line.split(separator: "\t", maxSplits: 1, omittingEmptySubsequences: false)
      if parts.count == 2 { lines[String(parts[0])] = parts[1] }
    }
  }

  subscript(key: String) -> Substring? { lines[key] }

  /// Empty text is no line. True when it was another one before.
  mutating func replace(_ key: String, with text: String) -> Bool {
    let text = text.isEmpty ? nil : Substring(text)
    guard lines[key] != text else { return false }
    lines[key] = text
    return true
  }

  var bytes: [UInt8] {
    let body = lines.sorted { $0.key < $1.key }.map { "\($0.key)\t\($0.value)\n" }
    return Array((Self.title + "\n" + body.joined()).utf8)
  }

  static func key(_ name: String, _ subject: String) -> String { subject.isEmpty ? name : "\(name) \(subject)" }

  /// Whole minutes since `instant`, rounded down and at most `cap`: an age that errs to "just now".
  static func minutes(since instant: MonotonicInstant, at now: MonotonicInstant, cap: Int64) -> Int64 {
    min(cap, max(0, (now - instant).nanoseconds / 60_000_000_000))
  }
}
