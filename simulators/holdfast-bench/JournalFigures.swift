import ArgumentParser

/// The journal alone.
struct JournalFigures: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "journal",
    abstract: "Bytes a value, bytes written to flash, syncs, and readings a second of the journal.")

  @OptionGroup var comparison: Comparison
  @OptionGroup var input: JournalInput

  @Flag(help: "Only how fast readings become durable.")
  var onlySpeed = false

  func run() async throws {
    let bench = JournalBench(
      limits: comparison.limits, build: comparison.build, trace: input.trace, rounds: comparison.rounds)
    try refuse(onlySpeed ? try await bench.runSpeed() : try await bench.run())
  }
}
