import EnergyModel
import GRDB

@testable import Journal

/// One log as the file holds it, whoever has acknowledged what.
struct HeldLog: Sendable {
  var epoch: Epoch
  var kind: LogState.Kind
  var next: UInt64
  var lastTime: Timestamp?
  var isRetired: Bool
  var segments: [Segment]
  /// By `vpp`.
  var acknowledged: SequenceRangeSet

  var records: [UInt64: EnergyModel.Record] {
    segments.flatMap(\.records).reduce(into: [:]) { records, record in
      if let seq = record.seq { records[seq] = record }
    }
  }

  /// What segments stand for, thinned ones too.
  var covered: SequenceRangeSet { SequenceRangeSet(segments.map(\.range)) }

  /// The bodies of an event log.
  var bodies: [String] {
    segments.flatMap(\.records).compactMap { record in
      if case .entry(let body) = record.body { body } else { nil }
    }
  }

  /// The name of an event; nil for other entries.
  static func eventName(_ body: String) -> String? {
    let start = #""kind":"event","name":""#
    guard body.hasPrefix(start) else { return nil }
    return body.dropFirst(start.count).split(separator: "\"").first.map(String.init)
  }

  /// What a gap record says was dropped; nil for other entries.
  static func dropped(_ body: String) -> (epoch: Epoch, range: SequenceRange)? {
    guard body.hasPrefix(#""kind":"gap""#), body.contains(#""first":"#) else { return nil }
    let words = body.split { !$0.isLetter && !$0.isNumber }
    func word(after name: Substring) -> String? {
      guard let index = words.firstIndex(of: name), index + 1 < words.count else { return nil }
      return String(words[index + 1])
    }
    guard let epoch = word(after: "epoch").flatMap({ Epoch($0) }),
      let first = word(after: "first").flatMap(UInt64.init),
      let last = word(after: "last").flatMap(UInt64.init)
    else { return nil }
    return (epoch, SequenceRange(first, last))
  }
}

extension Journal {
  /// Every log with its segments, of which those that end before `start` may be left out.
  func held(from start: [Epoch: UInt64] = [:]) throws -> [HeldLog] {
    guard let opened else { throw JournalError.closed }
    return try opened.file.queue.read { db in
      let table = SegmentTable(db: db)
      return try opened.ledger.logs.map { log in
        var segments: [Segment] = []
        let first = start[log.epoch] ?? 1
        if log.next > first {
          let keys = try table.keys(log.id, overlapping: SequenceRange(first, log.next - 1), limit: .max >> 1)
          segments = try keys.map { try table.segment($0, of: log, shapes: opened.ledger.shapes) }
        }
        let front = opened.ledger.fronts[Ledger.FrontKey(destination: "vpp", log: log.id)]
        return HeldLog(
          epoch: log.epoch, kind: log.kind, next: log.next, lastTime: log.lastTime, isRetired: log.isRetired,
          segments: segments, acknowledged: front?.acknowledged ?? SequenceRangeSet())
      }
    }
  }

  /// Where a log stands, without asking the disk.
  func next(_ kind: LogState.Kind) -> (epoch: Epoch, seq: UInt64)? {
    guard let ledger = opened?.ledger, let index = ledger.current(kind).first else { return nil }
    return (ledger.logs[index].epoch, ledger.logs[index].next)
  }
}
