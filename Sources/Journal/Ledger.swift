import EnergyModel

/// What the journal knows of its logs without asking the disk. A commit works on a copy, which
/// becomes true only once the commit is on the disk.
struct Ledger: Sendable {
  struct Log: Sendable {
    var id: Int64
    var epoch: Epoch
    var name: String
    var kind: LogState.Kind
    /// The seq that the next record gets.
    var next: UInt64 = 1
    /// Of the newest record.
    var lastTime: Timestamp?
    /// From the oldest to the newest record still held; purging may leave holes.
    var held: SequenceRange?
    /// A retired log gets no more records and is let go once it is empty.
    var isRetired = false

    /// Every seq that was ever given.
    var written: SequenceRange? { next > 1 ? SequenceRange(1, next - 1) : nil }
  }

  struct FrontKey: Hashable, Sendable {
    var destination: DestinationID
    var log: Int64
  }

  /// How far a destination is with a log.
  struct Front: Sendable {
    var acknowledged = SequenceRangeSet()
    /// Records held and not acknowledged.
    var backlog: UInt64 = 0
    var isDirty = false
  }

  var logs: [Log] = []
  var fronts: [FrontKey: Front] = [:]
  var shapes = ShapeTable()
  var history = History()
  /// Counters that outlive a restart.
  var purgedRecords: UInt64 = 0
  var droppedSamples: UInt64 = 0
  var droppedEvents: UInt64 = 0

  func current(_ kind: LogState.Kind) -> Int? { logs.firstIndex { $0.kind == kind && !$0.isRetired } }

  func log(_ epoch: Epoch) throws -> Log {
    guard let log = logs.first(where: { $0.epoch == epoch }) else { throw JournalError.unknownLog(epoch) }
    return log
  }

  func backlog(for destination: DestinationID) -> UInt64 {
    fronts.reduce(0) { $0 + ($1.key.destination == destination ? $1.value.backlog : 0) }
  }

  /// The seqs of a log that every destination has acknowledged. Without destinations these are all.
  func acknowledgedByAll(_ log: Log, destinations: [DestinationID]) -> [SequenceRange] {
    guard let written = log.written else { return [] }
    var missing = SequenceRangeSet()
    for destination in destinations {
      let front = fronts[FrontKey(destination: destination, log: log.id)] ?? Front()
      for gap in front.acknowledged.gaps(in: written) { missing.insert(gap) }
    }
    return missing.gaps(in: written)
  }

  /// A segment was added.
  mutating func added(_ range: SequenceRange, to index: Int, lastTime: Timestamp, destinations: [DestinationID]) {
    logs[index].next = range.last + 1
    logs[index].lastTime = lastTime
    logs[index].held = SequenceRange(logs[index].held?.first ?? range.first, range.last)
    for destination in destinations {
      fronts[FrontKey(destination: destination, log: logs[index].id), default: Front()].backlog += range.count
    }
  }

  /// A segment was deleted.
  mutating func removed(_ range: SequenceRange, from log: Int64) {
    for (key, front) in fronts where key.log == log {
      let missing = front.acknowledged.gaps(in: range).reduce(0) { $0 + $1.count }
      fronts[key]?.backlog = front.backlog - min(missing, front.backlog)
    }
  }
}
