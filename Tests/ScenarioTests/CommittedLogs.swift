import EnergyModel
import Foundation
import GRDB
import SiteStage

/// What the journal's file says was committed, read from outside: the highest seq of each log by epoch.
struct CommittedLogs {
  private(set) var last: [String: UInt64] = [:]

  mutating func read(_ stage: SiteStage) throws { try read(JournalCopy(stage)) }

  mutating func read(_ copy: JournalCopy) throws {
    let database = copy.database
    guard try database.read({ try $0.tableExists("log") }) else { return }
    for row in try database.read({ try Row.fetchAll($0, sql: "SELECT epoch, next FROM log") }) {
      let epoch: Int64 = row["epoch"]
      let next: Int64 = row["next"]
      guard next > 1 else { continue }
      let name = Epoch(number: UInt64(bitPattern: epoch)).description
      last[name] = max(last[name] ?? 0, UInt64(next - 1))
    }
  }

  /// Whether more was committed than the mark beside the database speaks of: the commit returned, or was about to, and
  /// nobody was told.
  func isAhead(ofMarkIn folder: URL) throws -> Bool {
    let mark = try String(contentsOf: folder.appendingPathComponent("journal.mark"), encoding: .utf8)
    return last.contains { !mark.contains("log \($0) \($1 + 1)\n") }
  }

  /// Committed records that a ledger lacks.
  func missing(in ledger: Ledger) -> [String] {
    last.flatMap { epoch, last in
      (ledger.received[epoch] ?? SequenceRangeSet()).gaps(in: SequenceRange(1, last)).map {
        "\(epoch) \($0.first)…\($0.last)"
      }
    }
  }
}
