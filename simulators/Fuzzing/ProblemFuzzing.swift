import SiteConfig

/// What must hold of a text that is not accepted.
enum ProblemFuzzing {
  /// Somebody has to be able to mend it: every problem has words and a line that is there.
  static func check(_ problems: ConfigurationProblems, of text: FuzzText) throws(FuzzFinding) {
    try FuzzFinding.require(!problems.problems.isEmpty, "a text is refused without a reason")
    // These break lines as well: U+0085, U+2028 and U+2029.
    let lines = text.text.unicodeScalars.reduce(2) {
      [0x0A, 0x0D, 0x85, 0x2028, 0x2029].contains($1.value) ? $0 + 1 : $0
    }
    for problem in problems.problems {
      try FuzzFinding.require(
        !problem.message.isEmpty && problem.file == text.name, "a problem says nothing: \(problem)")
      try FuzzFinding.require(
        problem.line.map { (1...lines).contains($0) } ?? true,
        "a problem is in line \(problem.line ?? 0) of \(lines): \(problem)")
    }
  }
}
