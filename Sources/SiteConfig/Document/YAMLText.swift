import Yams

/// From text to a tree of nodes that know their lines.
enum YAMLText {
  /// A configuration is a page or two, and a thousand devices are 200 kB: anything larger is the wrong file.
  static let maximumBytes = 250_000
  static let tooLarge = "larger than \(maximumBytes / 1000) kB: this is no configuration"
  static let maximumNodes = 100_000
  /// Aliases of aliases grow by powers, and where they are keys the parser itself reckons with all that they stand for:
  /// with so many it is 18 times the longest value.
  static let maximumAliases = 8

  /// The document's root without duplicate keys; nil where the text is no YAML at all. What is wrong is
  /// added to `problems`.
  static func compose(_ text: String, problems: ProblemList) -> Node? {
    guard text.utf8.count <= maximumBytes else {
      problems.add(line: nil, path: "", tooLarge)
      return nil
    }
    if let line = lineOfAliasTooMany(in: text) {
      problems.add(line: line, path: "", "more than \(maximumAliases) aliases (*name): write the values themselves")
      return nil
    }
    var current = text
    // Yams stops at the first mapping with a duplicate key. Marking one of the two and parsing again finds
    // the others and everything else that is wrong. Each round mends one key, so it ends.
    for round in 0..<max(2, min(50, 500_000 / max(1, text.utf8.count))) {
      do {
        guard let node = try Yams.compose(yaml: current, .default, .default, .utf8) else {
          problems.add(line: nil, path: "", "empty: nothing is configured")
          return nil
        }
        var budget = maximumNodes
        let tree = DuplicateKeys.removed(from: node, path: "", budget: &budget, problems: problems)
        guard budget > 0 else {
          problems.add(line: nil, path: "", "more than \(maximumNodes) values: this is no configuration")
          return nil
        }
        return tree
      } catch YamlError.duplicatedKeysInMapping(let names, let context) {
        guard let marked = DuplicateKeys.mark(current, at: context.mark, round: round) else {
          problems.add(line: context.mark.line, path: names.joined(separator: ", "), "written twice")
          return nil
        }
        current = marked
      } catch {
        problems.add(line: line(of: error), path: "", "not valid YAML: \(reason(of: error))")
        return nil
      }
    }
    problems.add(line: nil, path: "", "too many keys are written twice")
    return nil
  }

  /// Counts at least as many as there are: what looks like one may stand in quotes or at the end of a line that is none
  /// of comment only. Behind a quote even a line that begins with `#` may have real ones, as the quoted text may have
  /// begun in a line before.
  private static func lineOfAliasTooMany(in text: String) -> Int? {
    var (count, line) = (0, 1)
    var (isBlank, isComment) = (true, false)
    var (last, before): (Unicode.Scalar, Unicode.Scalar) = (" ", " ")
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\n", "\r", "\u{85}", "\u{2028}", "\u{2029}":
        if scalar != "\n" || last != "\r" { line += 1 }
        (isBlank, isComment) = (true, false)
      case " ", "\t": break
      case "\"", "'": (isBlank, isComment) = (false, false)
      default:
        if isBlank { isComment = scalar == "#" }
        isBlank = false
      }
      // Some line breaks are beyond ASCII.
      if last == "*", scalar.value > 0x20, scalar != "*", !isComment,
        before.value >= 0x80 || " \t\r\n,[{:?-".unicodeScalars.contains(before)
      {
        count += 1
        if count > maximumAliases { return line }
      }
      (before, last) = (last, scalar)
    }
    return nil
  }

  private static func line(of error: any Error) -> Int? {
    switch error as? YamlError {
    case .scanner(_, _, let mark, _), .parser(_, _, let mark, _), .composer(_, _, let mark, _): mark.line
    case .reader(_, let offset?, _, let yaml): yaml.prefix(offset).reduce(1) { $1.isNewline ? $0 + 1 : $0 }
    default: nil
    }
  }

  private static func reason(of error: any Error) -> String {
    switch error as? YamlError {
    case .scanner(let context, let problem, _, _), .parser(let context, let problem, _, _),
      .composer(let context, let problem, _, _):
      context.map { "\($0.text) (from line \($0.mark.line)): \(problem)" } ?? problem
    case .reader(let problem, _, _, _): problem
    default: "\(error)"
    }
  }
}

/// Keys that are written twice in one mapping. Taking the last silently would hide half of what
/// somebody wrote.
private enum DuplicateKeys {
  /// Begins a key that was made unique; from Unicode's private area, so no real key begins with it.
  static let marker: Character = "\u{E000}"
  static let end: Character = "\u{E001}"

  /// The text with the key at `mark` made unique.
  static func mark(_ text: String, at mark: Mark, round: Int) -> String? {
    var lines = text.split(omittingEmptySubsequences: false) { $0.isNewline }.map { String($0).unicodeScalars }
    guard mark.line >= 1, mark.line <= lines.count else { return nil }
    let line = lines[mark.line - 1]
    guard var index = line.index(line.startIndex, offsetBy: mark.column - 1, limitedBy: line.endIndex),
      index < line.endIndex
    else { return nil }
    if line[index] == "\"" || line[index] == "'" { index = line.index(after: index) }
    lines[mark.line - 1].insert(contentsOf: "\(marker)\(round)\(end)".unicodeScalars, at: index)
    return lines.map { String($0) }.joined(separator: "\n")
  }

  /// The tree with the first of each key; every further one becomes a problem.
  ///
  /// - Parameter budget: nodes that may still be visited. Aliases of aliases double with every line, so a
  ///   page of text can stand for more nodes than there is memory.
  static func removed(from node: Node, path: String, budget: inout Int, problems: ProblemList) -> Node {
    budget -= 1
    guard budget > 0 else { return Node("") }
    switch node {
    case .mapping(let mapping):
      var kept: [(Node, Node)] = []
      var lines: [String: Int] = [:]
      for (key, value) in mapping where budget > 0 {
        guard let scalar = key.scalar else {
          kept.append((key, value))
          continue
        }
        let written = scalar.string
        let name = written.first == marker ? String(written.drop { $0 != end }.dropFirst()) : written
        let place = path.isEmpty ? name : "\(path).\(name)"
        if let first = lines[name] {
          problems.add(line: scalar.mark?.line, path: place, "written twice, first in line \(first)")
        } else {
          lines[name] = scalar.mark?.line ?? 0
          let plain = Node.scalar(.init(name, scalar.tag, scalar.style, scalar.mark))
          kept.append((plain, removed(from: value, path: place, budget: &budget, problems: problems)))
        }
      }
      return .mapping(Node.Mapping(kept, mapping.tag, mapping.style, mapping.mark))
    case .sequence(let sequence):
      var items: [Node] = []
      for (index, item) in sequence.enumerated() where budget > 0 {
        items.append(removed(from: item, path: "\(path)[\(index)]", budget: &budget, problems: problems))
      }
      return .sequence(Node.Sequence(items, sequence.tag, sequence.style, sequence.mark))
    case .scalar, .alias:
      return node
    }
  }
}
