import ArgumentParser
import Glibc

/// What a person at the terminal says. Nobody is asked who is not there.
struct Consent {
  /// `--yes`: everything was agreed to before.
  let isGiven: Bool

  /// Without `--yes` and without a terminal, ends with exit code 64 (EX_USAGE).
  static func terminal(orYes yes: Bool) throws -> Consent {
    guard yes || isatty(STDIN_FILENO) == 1 else {
      complain("holdfast: there is no terminal to ask at: --yes says that all is agreed to")
      throw ExitCode(64)
    }
    return Consent(isGiven: yes)
  }

  var canAsk: Bool { !isGiven }

  /// Only the whole word counts.
  func agrees(to question: String) -> Bool {
    if isGiven { return true }
    return ask("\(question) [yes/no] ")?.lowercased() == "yes"
  }

  /// An answer without the spaces around it; nil where somebody interrupted.
  func ask(_ question: String) -> String? {
    guard !Interrupt.hasCome else { return nil }
    print(question, terminator: "")
    fflush(nil)
    guard let line = readLine(), !Interrupt.hasCome else {
      print("")
      return nil
    }
    return line.split(separator: " ").joined(separator: " ")
  }
}
