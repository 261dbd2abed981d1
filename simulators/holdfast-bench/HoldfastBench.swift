import ArgumentParser
import Foundation

/// Prints the figures of a build: ratios against plain C programs measured in the same run, and what the
/// agent costs while it runs a site. Absolute times of one machine say nothing about another.
@main
struct HoldfastBench: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "holdfast-bench", abstract: "Figures of this build, as ratios against plain C in one run.",
    subcommands: [
      AllFigures.self, BusFigures.self, SoakCommand.self, JournalFigures.self, UplinkFigures.self, SensorFigures.self,
      OutageBench.self, ControlBench.self, LimitBench.self,
    ],
    defaultSubcommand: AllFigures.self)
}

/// What every comparison with plain C needs.
struct Comparison: ParsableArguments {
  @Option(help: "The folder with the plain C programs; without it there is no ratio.")
  var limits = "../shared/limits"

  @Option(help: "Where the C programs are built, and where the journals are for a while.")
  var build = ".build/limits"

  @Option(help: "Rounds of the comparison; medians are printed.")
  var rounds = 5
}

/// What the journal's figures need.
struct JournalInput: ParsableArguments {
  @Option(help: "The program that prints the readings for the journal; without it the journal is not measured.")
  var trace = "../shared/limits/trace.py"
}

/// What `make bench` prints.
struct AllFigures: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "all", abstract: "Every figure. Fails where a limit is missed; an aim that is missed is said.")

  @OptionGroup var comparison: Comparison
  @OptionGroup var input: JournalInput

  @Option(help: "Seconds that the site is watched.")
  var seconds = 60

  @Option(help: "Segments that the uplink sends in each round.")
  var segments = 20_000

  @Option(help: "The site's configuration.")
  var config = "config/demo.yaml"

  func run() async throws {
    let programs = URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent()
    let (limits, build, rounds) = (comparison.limits, comparison.build, comparison.rounds)
    var missed: [String] = []
    if FileManager.default.fileExists(atPath: limits) {
      try BusBench(limits: limits, build: build, rounds: rounds).run()
      try await BusLoadBench(seconds: seconds).run()
      missed += try await UplinkBench(limits: limits, build: build, rounds: rounds, segments: segments).run()
      missed += try await SensorBench(limits: limits, build: build, rounds: rounds, messages: 200_000).run()
    } else {
      print("bus, uplink and sensors: no plain C programs at \(limits), no ratio")
    }
    missed += try await JournalBench(limits: limits, build: build, trace: input.trace, rounds: rounds).run()
    try await DeviceCostBench(programs: programs, seconds: seconds).run()
    ControlBench.parseOrExit([]).run()
    try await LimitBench.parseOrExit([]).run()
    try await SiteBench(programs: programs, config: config, seconds: seconds).run()
    try refuse(missed)
  }
}

/// The uplink alone.
struct UplinkFigures: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "uplink", abstract: "Messages a second from committed segment to acknowledged range.")

  @OptionGroup var comparison: Comparison

  @Option(help: "Segments that are sent in each round.")
  var segments = 20_000

  func run() async throws {
    try refuse(
      try await UplinkBench(
        limits: comparison.limits, build: comparison.build, rounds: comparison.rounds, segments: segments
      ).run())
  }
}

/// The middle of several measurements.
func median(_ values: [Double]) -> Double {
  let sorted = values.sorted()
  guard !sorted.isEmpty else { return .nan }
  let middle = sorted.count / 2
  return sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
}
