import ArgumentParser
import Foundation
import Journal

/// Where the journal lives; shared by the command that writes it and those that read it.
struct StateOptions: ParsableArguments {
  @Option(name: .customLong("state"), help: "Where the journal lives. Default: $STATE_DIRECTORY or /var/lib/holdfast.")
  var given: String?

  var folder: String { given ?? ProcessInfo.processInfo.environment["STATE_DIRECTORY"] ?? "/var/lib/holdfast" }

  /// The journal to read; where there is none, says so and ends with `code`.
  func reader(orEndWith code: Int32 = 66) throws -> JournalReader {
    do {
      return try JournalReader(folder: folder)
    } catch {
      complain("holdfast: \(error)")
      throw ExitCode(code)
    }
  }
}
