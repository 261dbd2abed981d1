public import ArgumentParser
import Foundation
import Gateway
public import Logging

struct RunCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(commandName: "run", abstract: "Runs the agent until it is stopped.")

  @OptionGroup var options: ConfigurationOptions

  @OptionGroup var state: StateOptions

  @Option(help: "Log level: debug, info, warning, error.")
  var log = Logger.Level.info

  func run() async throws {
    let configuration = try options.load()
    ProcessLimits.ignoreBrokenPipes()
    ProcessLimits.limitDescriptors()
    let environment = ProcessInfo.processInfo.environment
    let log = QueuedLog()
    let level = self.log
    let isForJournald = environment["JOURNAL_STREAM"] != nil
    LoggingSystem.bootstrap {
      QueuedLogHandler(label: $0, log: log, level: level, isForJournald: isForJournald)
    }
    defer { log.flush() }
    let agent = try await Agent(configuration, stateFolder: state.folder)
    try await agent.run()
  }
}

extension Logger.Level: @retroactive ExpressibleByArgument {}
