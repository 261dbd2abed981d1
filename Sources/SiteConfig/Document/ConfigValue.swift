import Yams

/// A value in a document: what is written, where, and whom to tell when it is wrong. Readers answer nil
/// after they have told, so that reading goes on and every problem is found at once.
///
/// Scalars are taken as they are written, never as YAML would guess (`34119087` stays text, `on` is a word).
struct ConfigValue {
  let node: Node
  /// Keys from the top.
  let path: String
  /// Counted from 1.
  let line: Int?
  let problems: ProblemList

  func refuse(_ message: String) { problems.add(line: line, path: path, value: written, message) }

  /// The scalar as written; nil for lists, mappings and nothing.
  var written: String? {
    guard let scalar = node.scalar, !isNothing else { return nil }
    return scalar.string
  }

  /// True where a key has no value.
  var isNothing: Bool {
    guard let scalar = node.scalar, scalar.style == .plain else { return false }
    return ["", "~", "null"].contains(scalar.string)
  }

  var isMapping: Bool { node.mapping != nil }
  var isList: Bool { node.sequence != nil }

  /// Whether a mapping has a key, before it is known which keys it may have.
  func hasKey(_ name: String) -> Bool { node.mapping?.contains { $0.key.scalar?.string == name } ?? false }

  /// What is written under a key of a mapping, before it is known which keys it may have.
  func entry(_ name: String) -> ConfigValue? {
    node.mapping?.first { $0.key.scalar?.string == name }
      .map { ConfigValue(node: $0.value, path: "\(path).\(name)", line: line, problems: problems) }
  }

  /// Any text but the empty one.
  func text(_ expected: String = "a text") -> String? {
    guard let written, !written.isEmpty else {
      refuse("expected \(expected), got \(shape)")
      return nil
    }
    return written
  }

  /// What is there, in words.
  var shape: String {
    if isMapping { return "a mapping" }
    if isList { return "a list" }
    return written.map { $0.isEmpty ? "an empty text" : $0 } ?? "nothing"
  }

  func list(_ expected: String) -> [ConfigValue]? {
    guard let sequence = node.sequence else {
      refuse("expected \(expected), got \(shape)")
      return nil
    }
    return sequence.enumerated().map { index, item in
      ConfigValue(node: item, path: "\(path)[\(index)]", line: item.mark?.line ?? line, problems: problems)
    }
  }

  /// Keys and values of a mapping, in the order they are written. Nothing counts as an empty mapping, so
  /// that a section whose entries are all commented out is fine.
  func pairs(_ expected: String = "a mapping") -> [(key: String, value: ConfigValue)]? {
    if isNothing { return [] }
    guard let mapping = node.mapping else {
      refuse("expected \(expected), got \(shape)")
      return nil
    }
    return mapping.compactMap { key, value in
      guard let name = key.scalar?.string, !name.isEmpty else {
        problems.add(line: key.mark?.line ?? line, path: path, "every key has to be a word")
        return nil
      }
      let place = path.isEmpty ? name : "\(path).\(name)"
      // A nested block begins a line below its key, and the key is where people look.
      let at = value.scalar == nil ? key.mark?.line : value.mark?.line
      return (name, ConfigValue(node: value, path: place, line: at ?? line, problems: problems))
    }
  }

  /// Entries under names that the installer chose, such as the devices.
  func namedEntries(_ expected: String) -> [(name: String, value: ConfigValue)] {
    (pairs(expected) ?? []).filter { name, value in
      let isGood = Self.isName(name)
      if !isGood {
        problems.add(
          line: value.line, path: value.path,
          "\"\(name)\" is no name: use letters, digits, - and _, beginning with a letter or digit, at most 64")
      }
      return isGood
    }.map { (name: $0.key, value: $0.value) }
  }

  /// Names end up in topics, addresses and file names.
  static func isName(_ text: String) -> Bool {
    guard let first = text.first, text.utf8.count <= 64, first.isASCII, first.isLetter || first.isNumber else {
      return false
    }
    return text.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-" || $0 == "_") }
  }
}
