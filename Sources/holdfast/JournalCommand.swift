import ArgumentParser
import EnergyModel
import Foundation
import Journal

struct JournalCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "journal",
    abstract: "Reads the journal, also while the agent runs: checks it, counts it, exports it.",
    subcommands: [JournalCheckCommand.self, JournalStatsCommand.self, JournalExportCommand.self])
}

struct JournalCheckCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "check",
    abstract: "Reads the whole journal and says whether anything is damaged or missing: exit code 0 or 1.")

  @OptionGroup var state: StateOptions

  func run() throws {
    var output = StandardOutput()
    var faults = 0
    var failure: (any Error)?
    do {
      try state.reader(orEndWith: 1).check { finding in
        if finding.isFault { faults += 1 }
        do { try output.line((finding.isFault ? "FAULT " : "ok    ") + finding.text) } catch { failure = error }
      }
    } catch let error where !(error is ExitCode) {
      try output.line("FAULT \(error)")
      faults += 1
    }
    if let failure { throw failure }
    try output.line(faults == 0 ? "no faults" : "\(faults) faults")
    try output.flush()
    if faults > 0 { throw ExitCode(1) }
  }
}

struct JournalStatsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "stats", abstract: "Says what the journal holds: logs, history, bytes, counters, starts.")

  @OptionGroup var state: StateOptions

  func run() throws {
    let statistics = try state.reader().statistics()
    var output = StandardOutput()
    try output.line(
      "file: database \(statistics.fileBytes) bytes (\(statistics.freeBytes) free), write-ahead log "
        + "\(statistics.logBytes), reserve \(statistics.reserveBytes)")
    let last = statistics.lastBoot?.text() ?? "never"
    try output.line("boots: \(statistics.boots), last \(last), \(statistics.crashes) ended without a clean stop")
    for (name, value) in statistics.counters.sorted(by: { $0.key < $1.key }) {
      try output.line("counter: \(name) \(value)")
    }
    for log in statistics.logs { try write(log, to: &output) }
    for (name, history) in [("minute", statistics.minutes), ("quarter", statistics.quarters)] {
      try output.line(
        "history: \(name): \(history.rows) rows (\(history.partialRows) partial), \(history.bytes) bytes, "
          + span(history.oldest, history.newest))
    }
    try output.flush()
  }

  private func write(_ log: JournalReader.LogStatistics, to output: inout StandardOutput) throws {
    let title = "log: \(log.log.name) \(log.log.epoch)"
    let seqs = log.log.held.map { "holds seq \($0.first) to \($0.last)" } ?? "empty"
    let state = log.log.isRetired ? ", retired" : ""
    let choice = log.log.kind == .telemetry ? "records \(log.log.choice), " : ""
    try output.line("\(title): \(choice)\(seqs), next \(log.log.next)\(state)")
    let thinned = log.thinnedRecords > 0 ? " (\(log.thinnedRecords) thinned)" : ""
    let each = log.bytesPerValue.map { ", \(JSONText.decimal($0, 2)) bytes a value" } ?? ""
    try output.line(
      "\(title): \(log.records) records\(thinned) in \(log.segments) segments, \(log.bytes) bytes\(each), "
        + span(log.oldest, log.newest))
    for (destination, waiting) in log.backlog.sorted(by: { $0.key < $1.key }) {
      try output.line("\(title): destination \(destination): \(waiting) records waiting")
    }
  }

  private func span(_ oldest: Timestamp?, _ newest: Timestamp?) -> String {
    guard let oldest, let newest else { return "of no time" }
    return "\(oldest.text()) to \(newest.text())"
  }
}
