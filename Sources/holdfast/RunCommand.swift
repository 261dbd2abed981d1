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
    let lock = try takeOver()
    defer { withExtendedLifetime(lock) {} }
    let agent = try await Agent(configuration, stateFolder: state.folder)
    try await agent.run()
  }
}

extension RunCommand {
  /// One controller a site: not a second agent, and none while an installer's tool writes to devices. Where nobody can
  /// tell, control goes on.
  private func takeOver() throws -> StateLock? {
    try? FileManager.default.createDirectory(
      atPath: state.folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o750])
    switch StateLock.take(state.folder) {
    case .taken(let lock): return lock
    case .unknown: return nil
    case .busy:
      complain("holdfast: another agent, or a tool that writes to devices, holds \(state.folder)")
      throw ExitCode(75)
    }
  }
}

extension Logger.Level: @retroactive ExpressibleByArgument {}
