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

  /// Only the whole word counts; whoever says something else is asked again.
  func agrees(to question: String) -> Bool {
    if isGiven { return true }
    var prompt = "\(question) [yes/no] "
    while let answer = ask(prompt)?.lowercased() {
      if answer == "yes" { return true }
      if answer == "no" { return false }
      prompt = "Write yes or no, the whole word: "
    }
    return false
  }

  /// Asks to press Enter when something is done; false where that was skipped.
  func isDone(_ request: String) -> Bool {
    var prompt = "\(request), then press Enter (or write skip): "
    while let answer = ask(prompt)?.lowercased() {
      if answer.isEmpty { return true }
      if answer == "skip" || answer == "no" { return false }
      prompt = "Press Enter when it is done, or write skip: "
    }
    return false
  }

  /// An answer without the spaces around it; nil where somebody interrupted or ended the input (Ctrl-D).
  private func ask(_ question: String) -> String? {
    guard !Interrupt.hasCome else { return nil }
    // What was typed before the question was there does not answer it.
    tcflush(STDIN_FILENO, TCIFLUSH)
    print(question, terminator: "")
    fflush(nil)
    // A terminal hands over one line at a time, and Ctrl-D as an empty one: it answers this question and not all that follow.
    var bytes = [UInt8](repeating: 0, count: 1024)
    let count = Interrupt.waits(forInput: STDIN_FILENO) ? read(STDIN_FILENO, &bytes, bytes.count) : 0
    guard count > 0, !Interrupt.hasCome else {
      print("")
      return nil
    }
    return String(decoding: bytes.prefix(count), as: UTF8.self).split(whereSeparator: \.isWhitespace)
      .joined(separator: " ")
  }
}
