import SiteConfig

/// What must hold of a text that is not accepted.
enum ProblemFuzzing {
  /// Somebody has to be able to mend it: every problem has words and a line that is there.
  static func check(_ problems: ConfigurationProblems, of text: FuzzText) throws(FuzzFinding) {
    try FuzzFinding.require(!problems.problems.isEmpty, "a text is refused without a reason")
    var lines = 1
    for byte in text.text.utf8 where byte == UInt8(ascii: "\n") || byte == UInt8(ascii: "\r") { lines += 1 }
    for problem in problems.problems {
      try FuzzFinding.require(
        !problem.message.isEmpty && problem.file == text.name, "a problem says nothing: \(problem)")
      // U+0085, U+2028 and U+2029 break lines as well.
      let breaks = text.text.unicodeScalars.count { [0x85, 0x2028, 0x2029].contains($0.value) }
      try FuzzFinding.require(
        problem.line.map { (1...lines + breaks + 1).contains($0) } ?? true,
        "a problem is in line \(problem.line ?? 0) of \(lines): \(problem)")
    }
  }
}
