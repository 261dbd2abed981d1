import ArgumentParser
import Foundation

/// The field buses alone.
struct BusFigures: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bus", abstract: "Reads a second against plain C, what bad devices do to good ones, what many cost.")

  @OptionGroup var comparison: Comparison

  @Option(help: "Seconds that the devices are watched.")
  var seconds = 60

  func run() async throws {
    try BusBench(limits: comparison.limits, build: comparison.build, rounds: comparison.rounds).run()
    try await BusLoadBench(seconds: seconds).run()
    let programs = URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent()
    try await DeviceCostBench(programs: programs, seconds: seconds).run()
  }
}
