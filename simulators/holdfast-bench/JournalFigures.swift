import ArgumentParser

/// The journal alone.
struct JournalFigures: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "journal", abstract: "Bytes a value, bytes written to flash, and readings a second of the journal.")

  @Option(help: "The folder with the plain C programs; without it there is no ratio.")
  var limits = "../shared/limits"

  @Option(help: "Where the C programs are built, and where the journals are for a while.")
  var build = ".build/limits"

  @Option(help: "The program that prints the readings; without it nothing is measured.")
  var trace = "../shared/limits/trace.py"

  @Option(help: "Rounds of the comparison; medians are printed.")
  var rounds = 5

  @Flag(help: "Only how fast readings become durable.")
  var onlySpeed = false

  func run() async throws {
    let bench = JournalBench(limits: limits, build: build, trace: trace, rounds: rounds)
    if onlySpeed { try await bench.runSpeed() } else { try await bench.run() }
  }
}
