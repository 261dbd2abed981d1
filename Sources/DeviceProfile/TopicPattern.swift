/// A topic whose levels may be left open: `zigbee2mqtt/{room}/climate` fits every topic of three levels that
/// begins and ends like that, and captures the level between.
public struct TopicPattern: Hashable, Sendable {
  public enum Level: Hashable, Sendable {
    case literal(String)
    /// Any text of one level but the empty one, under a name.
    case capture(String)
  }

  public let levels: [Level]

  /// What is wrong with a pattern, as the end of a sentence.
  public struct Flaw: Error, Hashable {
    public var text: String
  }

  public init(_ text: String) throws(Flaw) {
    guard !text.isEmpty, text.utf8.count <= 65_535, !text.unicodeScalars.contains("\0") else {
      throw Flaw(text: "not a topic")
    }
    guard !text.contains(where: { $0 == "+" || $0 == "#" }) else {
      throw Flaw(text: "no + and #: a level that differs is written {name}")
    }
    var levels: [Level] = []
    var names: Set<String> = []
    for level in text.split(separator: "/", omittingEmptySubsequences: false) {
      guard level.contains(where: { $0 == "{" || $0 == "}" }) else {
        levels.append(.literal(String(level)))
        continue
      }
      let name = String(level.dropFirst().dropLast())
      guard level.first == "{", level.last == "}", !name.isEmpty, !name.contains(where: { $0 == "{" || $0 == "}" })
      else { throw Flaw(text: "braces are written around a whole level, such as home/{room}/climate") }
      guard names.insert(name).inserted else { throw Flaw(text: "{\(name)} is captured twice") }
      levels.append(.capture(name))
    }
    self.levels = levels
  }

  /// A topic as it is.
  public init(literal topic: String) {
    levels = topic.split(separator: "/", omittingEmptySubsequences: false).map { .literal(String($0)) }
  }

  /// The names of what it captures, in the order of the levels.
  public var captures: [String] {
    levels.compactMap { if case .capture(let name) = $0 { name } else { nil } }
  }

  /// What to subscribe to.
  public var filter: String {
    levels.map { if case .literal(let text) = $0 { text } else { "+" } }.joined(separator: "/")
  }

  /// With one capture filled in; an own topic may have several levels.
  public func filled(_ name: String, with text: String) -> TopicPattern {
    TopicPattern(
      levels.flatMap { level in
        level == .capture(name) ? TopicPattern(literal: text).levels : [level]
      })
  }

  /// Of levels that are known to be some.
  public init(_ levels: [Level]) { self.levels = levels }

  /// What a topic's levels are where the pattern leaves them open; nil where it does not fit.
  public func match(_ topic: String) -> [Substring]? {
    let parts = topic.split(separator: "/", omittingEmptySubsequences: false)
    guard parts.count == levels.count else { return nil }
    var captured: [Substring] = []
    for (part, level) in zip(parts, levels) {
      switch level {
      case .literal(let text): guard part == text else { return nil }
      case .capture:
        guard !part.isEmpty else { return nil }
        captured.append(part)
      }
    }
    return captured
  }
}
