import EnergyModel
import Foundation
import GRDB

extension JournalReader {
  /// One thing that a check found.
  public struct Finding: Hashable, Sendable {
    /// The journal is not as it should be.
    public let isFault: Bool
    public let text: String
  }

  /// Looks at everything: SQLite's own check, the tables, every segment and row of history, and whether the
  /// seqs of each log are dense: what is missing above the oldest record held was announced by a gap record,
  /// or acknowledged by everybody who reads that far and let go after its time.
  ///
  /// SQLite's check is one read of each table as a whole, which takes seconds where the file is large.
  /// - Parameter tell: hears each finding at once.
  public func check(_ tell: (Finding) -> Void) throws {
    var check = JournalCheck(reader: self)
    try check.run { isFault, text in tell(Finding(isFault: isFault, text: text)) }
  }
}

private struct JournalCheck {
  typealias Tell = (_ isFault: Bool, _ text: String) -> Void

  /// Findings of one kind and log that are told one by one; the rest is counted.
  private static let mostTold = 20

  let reader: JournalReader
  private var announced: [Epoch: SequenceRangeSet] = [:]

  init(reader: JournalReader) { self.reader = reader }

  mutating func run(_ tell: Tell) throws {
    try checkFile(tell)
    let logs = try reader.logs()
    // The event log comes last: it announces what went while the others were read.
    let telemetry = logs.filter { $0.kind == .telemetry }
    let events = logs.filter { $0.kind == .events }
    var holes: [(JournalReader.Log, [SequenceRange])] = []
    for log in telemetry + events { holes.append((log, try walk(log, tell))) }
    for (log, missing) in holes { try judge(log, missing, tell) }
    for name in [HistoryTable.Name.minute, .quarter] { try checkHistory(name, tell) }
  }

  private func checkFile(_ tell: Tell) throws {
    let tables = try reader.queue.read { db in
      try String.fetchAll(db, sql: "SELECT name FROM sqlite_schema WHERE type = 'table'")
    }
    var verdicts: [String] = []
    var unread: [String] = []
    for table in tables {
      do {
        verdicts += try reader.queue.read { db in
          try String.fetchAll(db, sql: "PRAGMA integrity_check('\(table)')")
        }
      } catch JournalReader.Failure.tooLong(let seconds) {
        unread.append(table)
        tell(
          false,
          "file: the table \(table) takes longer than \(Int(seconds.rounded())) s, and the agent writes meanwhile: its rows "
            + "are read, its pages not; stop the agent to check them too")
      }
    }
    let faults = verdicts.filter { $0 != "ok" }
    for fault in faults.prefix(Self.mostTold) { tell(true, "file: \(fault)") }
    if faults.isEmpty { tell(false, "file: \(tables.count - unread.count) tables, sound") }
    if try !reader.queue.read(Schema.isWhole) {
      tell(true, "file: tables or indexes are not those of schema version \(Schema.version)")
    }
  }

  /// Reads every segment of a log.
  /// - Returns: the seqs that are missing between the first and the last held.
  private mutating func walk(_ log: JournalReader.Log, _ tell: Tell) throws -> [SequenceRange] {
    var missing: [SequenceRange] = []
    var faults: [String] = []
    var segments = 0
    var records: UInt64 = 0
    var last: UInt64?
    var next: UInt64? = 1
    while let from = next {
      let page = try reader.segments(of: log, from: from)
      for segment in page.segments where segment.range.last > last ?? 0 {
        if let last, segment.range.first > last + 1 { missing.append(SequenceRange(last + 1, segment.range.first - 1)) }
        // A segment that thinning made meanwhile may begin with what was read already.
        if let last, segment.range.first <= last, !segment.isThinned {
          faults.append("seq \(segment.range.first) is there twice")
        }
        last = segment.range.last
        segments += 1
        records += segment.range.count
        do { note(try segment.decoded()) } catch {
          faults.append("segment \(segment.range.first) to \(segment.range.last) cannot be read: \(error)")
        }
      }
      next = page.next
    }
    for fault in faults.prefix(Self.mostTold) { tell(true, "\(log.title): \(fault)") }
    if faults.count > Self.mostTold { tell(true, "\(log.title): \(faults.count - Self.mostTold) more of the kind") }
    // What was written since the log was listed does not matter here.
    if let held = log.held, held.last >= log.next {
      tell(true, "\(log.title): the next seq \(log.next) is used already")
    }
    tell(false, "\(log.title): \(segments) segments with \(records) records read")
    return missing
  }

  /// Remembers what gap records announce.
  private mutating func note(_ segment: Segment) {
    for record in segment.records {
      guard case .entry(let body) = record.body, body.hasPrefix(#""kind":"gap""#), let gap = Gap(body) else { continue }
      announced[gap.epoch, default: SequenceRangeSet()].insert(gap.range)
    }
  }

  private func judge(_ log: JournalReader.Log, _ missing: [SequenceRange], _ tell: Tell) throws {
    let announced = announced[log.epoch] ?? SequenceRangeSet()
    let readers = try reader.queue.read { try reader.readers(log, $0) }.values
    var known = 0
    var faults = 0
    for hole in missing {
      for part in announced.gaps(in: hole) {
        // Nobody acknowledged what lies in a gap of one of them.
        let unsaid = readers.isEmpty ? [part] : readers.flatMap { $0.missing(in: part) }
        guard let first = unsaid.map(\.first).min(), let last = unsaid.map(\.last).max() else { continue }
        faults += 1
        if faults <= Self.mostTold {
          tell(true, "\(log.title): seqs within \(first) to \(last) are missing, unannounced")
        }
      }
      known += 1
    }
    if faults > Self.mostTold { tell(true, "\(log.title): \(faults - Self.mostTold) more of the kind") }
    if known > 0, faults == 0 { tell(false, "\(log.title): \(known) holes, announced or released") }
  }

  private func checkHistory(_ name: HistoryTable.Name, _ tell: Tell) throws {
    var next = Timestamp(milliseconds: .min)
    var rows = 0
    while true {
      let page = try reader.historyRows(name, from: next, to: Timestamp(milliseconds: .max), limit: 500)
      for row in page.rows {
        do { _ = try HistoryFormat.decode(row.format, row.payload, table: page.shapes) } catch {
          tell(true, "history: \(name.rawValue) \(row.time) cannot be read: \(error)")
        }
        if row.time % name.length != 0 { tell(true, "history: \(name.rawValue) \(row.time) begins at no boundary") }
      }
      rows += page.rows.count
      guard page.rows.count == 500, let last = page.rows.last else { break }
      next = Timestamp(milliseconds: last.time + 1)
    }
    tell(false, "history: \(rows) rows of a \(name.rawValue) read")
  }
}

/// A gap record that tells of dropped records.
private struct Gap {
  let epoch: Epoch
  let range: SequenceRange

  init?(_ body: String) {
    struct Members: Decodable {
      var epoch: String
      var first: UInt64?
      var last: UInt64?
    }
    guard let members = try? JSONDecoder().decode(Members.self, from: Data("{\(body)}".utf8)),
      let epoch = Epoch(members.epoch), let first = members.first, let last = members.last, first <= last
    else { return nil }
    self.epoch = epoch
    range = SequenceRange(first, last)
  }
}

extension JournalReader.Log {
  fileprivate var title: String { "log \(name) \(epoch)" }
}

extension JournalReader.StoredSegment {
  fileprivate var isThinned: Bool { SegmentFormat(rawValue: format)?.isThinned ?? false }
}
