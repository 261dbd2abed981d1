import ArgumentParser
import EnergyModel
import Receiver

/// `holdfast-receiver prove`: says what is here and what is not. Exit code 1 when a record is missing that nobody
/// announced as lost, or when a record came with two contents.
struct ProveCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "prove", abstract: "Proves that everything is here or announced as lost; exit code 1 when not.")

  @OptionGroup var options: DatabaseOption
  @Option(help: "One site only.") var site: String?
  @Flag(help: "What the site announced and has not sent yet is missing as well.") var strict = false

  func run() throws {
    let archive = try options.open()
    let logs = try archive.holdings(site: site)
    // Nothing at all proves nothing.
    var isComplete = !logs.isEmpty
    var records: UInt64 = 0
    for log in logs {
      let count = try archive.recordCount(site: log.site, epoch: log.epoch)
      let contradictions = try archive.contradictions(site: log.site, epoch: log.epoch)
      // While it is received, more than was counted may be there already.
      records += count
      print("\(log.site) \(log.log ?? "?") \(log.epoch)\(log.isListed ? "" : ", no longer listed")")
      row("received", log.received.ranges)
      row("thinned", log.onlyThinned.ranges)
      row("announced gaps", log.lost.ranges)
      row("unannounced holes", log.holes)
      row("still to come", log.stillToCome)
      for lost in try archive.lostTimes(site: log.site, epoch: log.epoch) {
        print("  lost time          \(lost.from.milliseconds)…\(lost.to.milliseconds) ms (\(lost.cause))")
      }
      if contradictions > 0 { print("  CONTRADICTIONS     \(contradictions) records came with another content") }
      if count < log.received.count { print("  DAMAGED            \(count) records in the database") }
      if strict && !log.stillToCome.isEmpty { isComplete = false }
      if !log.holes.isEmpty || contradictions > 0 || count < log.received.count { isComplete = false }
    }
    for refusal in try archive.refusals() {
      print("refused on \(refusal.topic): \(refusal.reason), \(refusal.count) times")
    }
    print("\(isComplete ? "complete" : "INCOMPLETE"): \(records) records")
    if !isComplete { throw ExitCode(1) }
  }

  private func row(_ name: String, _ ranges: [SequenceRange]) {
    let text = ranges.map { "\($0.first)…\($0.last)" }.joined(separator: " ")
    let count = ranges.reduce(0) { $0 + $1.count }
    let label = (name + String(repeating: " ", count: 19)).prefix(19)
    print("  \(label)\(ranges.isEmpty ? "–" : "\(text) (\(count))")")
  }
}
