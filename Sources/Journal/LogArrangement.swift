import EnergyModel
import GRDB

/// A telemetry log that destinations ask for, and who reads it.
struct WantedLog: Sendable {
  var plan: LogPlan
  var readers: [DestinationID]
}

extension JournalSettings {
  /// One for each different plan of all destinations; without destinations one of everything.
  var wantedLogs: [WantedLog] {
    guard !destinations.isEmpty else { return [WantedLog(plan: LogPlan(), readers: [])] }
    var wanted: [WantedLog] = []
    for destination in destinations {
      for plan in destination.logs {
        let index = wanted.firstIndex { $0.plan.isSame(as: plan) } ?? wanted.count
        if index == wanted.count { wanted.append(WantedLog(plan: plan, readers: [])) }
        if !wanted[index].readers.contains(destination.id) { wanted[index].readers.append(destination.id) }
      }
    }
    return wanted
  }
}

extension LogPlan {
  /// By what the database compares.
  func isSame(as other: LogPlan) -> Bool { name == other.name && choice.description == other.choice.description }
}

extension Ledger {
  /// The telemetry log that gets the records of a plan.
  func log(for plan: LogPlan) -> Int? {
    current(.telemetry).first { logs[$0].name == plan.name && logs[$0].choice == plan.choice.description }
  }
}

/// Brings the logs in line with what the destinations want, at the start.
struct LogArrangement {
  let rows: LedgerRows
  let settings: JournalSettings
  let now: Timestamp
  /// Every log that gets records begins anew, because its numbers cannot be trusted to go on.
  let isRenewing: Bool
  /// A new epoch; the argument tells those of one moment apart.
  let newEpoch: (Int) -> Epoch

  /// A log that nobody wants any more is retired: it drains to its readers. What is wanted and not there begins.
  /// - Returns: what is no longer held of the logs that somebody begins to read.
  func arrange(_ ledger: inout Ledger) throws -> [(epoch: Epoch, range: SequenceRange)] {
    let wanted = settings.wantedLogs
    for index in ledger.current(.events) + ledger.current(.telemetry) where !isKept(ledger.logs[index], wanted) {
      try rows.retire(index, in: &ledger)
    }
    if ledger.current(.events).isEmpty { try open(.events, LogPlan(name: "events"), in: &ledger) }
    for log in wanted where ledger.log(for: log.plan) == nil { try open(.telemetry, log.plan, in: &ledger) }
    let before = ledger
    for index in ledger.logs.indices { setReaders(&ledger.logs[index], wanted) }
    let missing = try missed(ledger, before)
    try rows.storeReaders(ledger)
    try rows.forgetStrangers(ledger)
    return missing
  }

  /// Gap records that one start makes for each log.
  private static let mostGaps = 256

  /// A destination that comes, or comes back after a while, gets what is held from the beginning; the rest it would
  /// wait for.
  private func missed(_ ledger: Ledger, _ before: Ledger) throws -> [(epoch: Epoch, range: SequenceRange)] {
    try zip(ledger.logs, before.logs).flatMap { log, old -> [(epoch: Epoch, range: SequenceRange)] in
      guard log.kind == .telemetry, let written = log.written else { return [] }
      let from = try log.readers.filter { $0.value == .max }.keys.compactMap { reader -> UInt64? in
        guard let until = old.readers[reader] else { return try rows.hasAcknowledged(reader, log) ? nil : 1 }
        return until < written.last ? until + 1 : nil
      }.min()
      guard let from else { return [] }
      let range = SequenceRange(from, written.last)
      return try SegmentTable(db: rows.db).holes(log.id, in: range, limit: Self.mostGaps).map { (log.epoch, $0) }
    }
  }

  /// Whether a log gets records after this start.
  func goesOn(_ log: Ledger.Log) -> Bool { !log.isRetired && isKept(log, settings.wantedLogs) }

  private func isKept(_ log: Ledger.Log, _ wanted: [WantedLog]) -> Bool {
    guard !isRenewing else { return false }
    return log.kind == .events || wanted.contains { isLog(log, of: $0) }
  }

  private func open(_ kind: LogState.Kind, _ plan: LogPlan, in ledger: inout Ledger) throws {
    try rows.open(kind, plan, epoch: newEpoch(ledger.logs.count), at: now, in: &ledger)
  }

  private func setReaders(_ log: inout Ledger.Log, _ wanted: [WantedLog]) {
    let all = Set(settings.destinations.map(\.id))
    guard log.kind == .telemetry else {
      log.readers = Dictionary(uniqueKeysWithValues: all.map { ($0, .max) })
      return
    }
    let readers = log.isRetired ? [] : wanted.first { isLog(log, of: $0) }?.readers ?? []
    // A destination that is gone holds nothing; one that chose another log reads this one up to here.
    log.readers = log.readers.filter { all.contains($0.key) && !readers.contains($0.key) }
      .mapValues { min($0, log.next - 1) }
      .filter { until in log.held.map { $0.first <= until.value } ?? false }
    for reader in readers { log.readers[reader] = .max }
  }

  private func isLog(_ log: Ledger.Log, of wanted: WantedLog) -> Bool {
    log.name == wanted.plan.name && log.choice == wanted.plan.choice.description
  }
}
