import Foundation

/// A problem in a configuration: what is changed in the base, and every line that must be told. Files of
/// cases read like this, with a case to each heading:
///
///     # a power with an energy's unit
///     - ac_limit: 10 kW
///     + ac_limit: 10 kWh
///     ! 13: devices.hybrid.ac_limit: "10 kWh": wrong unit: …
struct ProblemCase: CustomStringConvertible, Sendable {
  var title: String
  /// Lines of the base and what replaces them.
  var changes: [(old: String, new: [String])] = []
  var expected: [String] = []

  var description: String { title }

  /// The base with the changes made; nil where a line to be changed is not there exactly once.
  func applied(to base: String) -> String? {
    var lines = base.components(separatedBy: "\n")
    for change in changes {
      let places = lines.indices.filter { lines[$0] == change.old }
      guard places.count == 1 else { return nil }
      lines.replaceSubrange(places[0]...places[0], with: change.new)
    }
    return lines.joined(separator: "\n")
  }
}

enum TestFiles {
  static let tests = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
  static let cases = tests.appendingPathComponent("Cases")
  static let repository = tests.deletingLastPathComponent().deletingLastPathComponent()
  static let profiles = repository.appendingPathComponent("config/devices").path

  static func text(_ name: String) -> String {
    (try? String(contentsOf: cases.appendingPathComponent(name), encoding: .utf8)) ?? ""
  }

  static func cases(_ name: String) -> [ProblemCase] {
    var cases: [ProblemCase] = []
    for line in text(name).components(separatedBy: "\n") where !line.isEmpty {
      let rest = String(line.dropFirst(2))
      switch line.first {
      case "#": cases.append(ProblemCase(title: "\(name): \(rest)"))
      case "-": cases[cases.count - 1].changes.append((rest, []))
      case "+": cases[cases.count - 1].changes[cases[cases.count - 1].changes.count - 1].new.append(rest)
      default: cases[cases.count - 1].expected.append(rest)
      }
    }
    return cases
  }
}
