import ArgumentParser
import Foundation
import SiteClient
import SiteStage
import TestKit

/// Runs a whole site on loopback and shows it: a private broker, the simulator and the agent.
@main
struct HoldfastDemo: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "holdfast-demo",
    abstract: "Runs a broker, a simulated site and the agent on loopback, and shows what they do.")

  @Option(help: "Ends after this many seconds with a summary; non-zero exit code when something is wrong.")
  var seconds: Int?

  @Option(help: "The site's configuration.")
  var config = "config/demo.yaml"

  @Option(help: "The simulated sky's time at the start, so that the sun shines whenever the demo runs.")
  var sky = "2026-06-21T09:40:00Z"

  @Option(help: "Seed of the simulated household and clouds.")
  var seed = 7

  @Flag(help: "Keeps the folder with configuration, journal, logs and the simulator's truth.")
  var keep = false

  func run() async throws {
    let programs = URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent()
    var options = SiteStage.Options(programs: programs, configuration: URL(fileURLWithPath: config))
    options.prefersConfiguredPorts = true
    options.simulator = ["--sky", sky, "--seed", "\(seed)", "--soc", "55", "--export-cap", "5880"]
    options.simulator += ["--car", "here", "--heat-pump", "natural"]
    let stage = try SiteStage(options)
    defer {
      stage.stop()
      if keep { print("kept: \(stage.folder.path)") } else { stage.removeFolder() }
    }
    let interrupt = Interrupt()
    try await start(stage)
    let screen = Screen(stage: stage)
    screen.introduce()
    let end = seconds.map { Date().addingTimeInterval(Double($0)) } ?? .distantFuture
    while Date() < end && !interrupt.hasCome {
      guard stage.isAgentRunning else {
        print(stage.agentLog)
        throw DemoFailure(text: "the agent has ended")
      }
      if let site = try? await stage.client.site() { screen.show(site) }
      try? await Task.sleep(for: .seconds(1))
    }
    guard seconds != nil else { return }
    let problems = try await Summary(stage: stage).print()
    if interrupt.hasCome || !problems.isEmpty { throw ExitCode(1) }
  }

  /// Starts simulator and agent, and returns once the agent answers.
  private func start(_ stage: SiteStage) async throws {
    try stage.startSimulator()
    try await eventually(within: 10, "the simulator") {
      Loopback.accepts(stage.ports.inverter) && Loopback.accepts(stage.ports.meter)
    }
    try stage.startAgent()
    do {
      try await eventually(within: 20, "the agent") { (try? await stage.client.site()) != nil }
    } catch {
      print(stage.agentLog)
      throw DemoFailure(text: "the agent did not start")
    }
  }
}

struct DemoFailure: Error, CustomStringConvertible {
  let text: String
  var description: String { text }
}
