import ArgumentParser
import Foundation
import Receiver

/// `holdfast-receiver export`: CSV on standard output, one line a value; the event log one line a record.
struct ExportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "export", abstract: "Writes what was received as CSV.",
    discussion: "One line for each value. A record of the event log is one line with its JSON.")

  @OptionGroup var options: DatabaseOption
  @Option(help: "One site only.") var site: String?
  @Option(help: "One log only, such as events. Default: every telemetry log.") var log: String?

  func run() throws {
    let archive = try options.open()
    let lines = log == "events" ? CSV.event : CSV.values
    print(log == "events" ? CSV.eventHeader : CSV.valueHeader)
    try archive.eachRecord(site: site, log: log) { record in
      for line in lines(record) { print(line) }
    }
  }
}
