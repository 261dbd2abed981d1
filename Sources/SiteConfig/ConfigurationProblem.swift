/// One thing that is wrong in a configuration, with everything a person needs to find and mend it.
public struct ConfigurationProblem: Hashable, Sendable, CustomStringConvertible {
  /// The file as it was named by the caller.
  public var file: String
  /// Counted from 1; nil where the problem has no place of its own, such as an unreadable file.
  public var line: Int?
  /// Keys from the top, such as `devices.hybrid.battery.soc`; empty for the file as a whole.
  public var path: String
  /// What is written there; nil where nothing is, or where it must not be repeated (a password).
  public var value: String?
  public var message: String

  public init(file: String, line: Int? = nil, path: String = "", value: String? = nil, message: String) {
    self.file = file
    self.line = line
    self.path = path
    self.value = value
    self.message = message
  }

  /// One line: `config/demo.yaml:14: devices.hybrid.battery.soc: "10..195 %": must lie within 0..100 %`.
  public var description: String {
    var text = file
    if let line { text += ":\(line)" }
    if !path.isEmpty { text += ": \(path)" }
    if let value { text += ": \"\(value)\"" }
    return text + ": \(message)"
  }
}

/// Everything that is wrong with a configuration, all at once. Nothing of it was applied.
public struct ConfigurationProblems: Error, Hashable, Sendable, CustomStringConvertible {
  /// By file and line. Never empty.
  public var problems: [ConfigurationProblem]

  public init(_ problems: [ConfigurationProblem]) { self.problems = problems }

  /// One line for each problem and a last one that counts them: what `holdfast check` prints.
  public var description: String {
    let count = problems.count == 1 ? "1 problem" : "\(problems.count) problems"
    return (problems.map(\.description) + ["\(count): nothing was applied"]).joined(separator: "\n")
  }
}

/// Collects the problems of one file while it is read, so that reading goes on after the first.
final class ProblemList {
  let file: String
  private(set) var problems: [ConfigurationProblem] = []
  /// The same: a text of nonsense has tens of thousands.
  private var known: Set<ConfigurationProblem> = []

  init(file: String) { self.file = file }

  func add(line: Int?, path: String, value: String? = nil, _ message: String) {
    let problem = ConfigurationProblem(file: file, line: line, path: path, value: value, message: message)
    if known.insert(problem).inserted { problems.append(problem) }
  }

  /// By line; what has no line comes first.
  var sorted: [ConfigurationProblem] {
    problems.enumerated().sorted { ($0.element.line ?? 0, $0.offset) < ($1.element.line ?? 0, $1.offset) }
      .map(\.element)
  }
}
