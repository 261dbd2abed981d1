import EnergyModel

/// What the journal knows of its logs without asking the disk. A commit works on a copy, which
/// becomes true only once the commit is on the disk.
struct Ledger: Sendable {
  struct Log: Sendable {
    var id: Int64
    var epoch: Epoch
    var name: String
    var kind: LogState.Kind
    /// What it records, as the database compares it.
    var choice = ReportingChoice.raw.description
    /// Who reads it, and up to which seq: the largest number where there is no end.
    var readers: [DestinationID: UInt64] = [:]
    /// The seq that the next record gets.
    var next: UInt64 = 1
    /// Up to when it is complete: what was measured until then is in it, or waits on the disk for the end of its
    /// interval, or was no change worth recording. When it was opened, where nothing came yet.
    var lastTime: Timestamp?
    /// Something of it waits on the disk for the end of its interval. Not stored.
    var hasPending = false
    /// From the oldest to the newest record still held; purging may leave holes.
    var held: SequenceRange?
    /// A retired log gets no more records and is let go once it is empty.
    var isRetired = false
    /// Where the search for something to thin goes on. Not stored.
    var thinned: [Thinning.Grain: UInt64] = [:]

    var canBeThinned: Bool { kind == .telemetry && pointsOnChange.count < Point.allCases.count }

    /// What is recorded on change is sparse already, and a mean of its records would be a value that nobody measured.
    /// Points that are not recorded at all count as well.
    var pointsOnChange: Set<Point> {
      var rest = Set(Point.allCases)
      var onChange = rest
      for rule in choice.split(separator: "; ") {
        let parts = rule.split(separator: ": ")
        guard parts.count == 2 else { continue }
        let names = parts[1].split(separator: ",").compactMap { Point(rawValue: String($0)) }
        // The first rule that names a point decides.
        let points = parts[1] == "all" ? rest : rest.intersection(names)
        if !parts[0].hasPrefix("change ") { onChange.subtract(points) }
        rest.subtract(points)
      }
      return onChange
    }

    /// Every seq that was ever given.
    var written: SequenceRange? { next > 1 ? SequenceRange(1, next - 1) : nil }

    /// What of `range` a destination reads.
    func part(of range: SequenceRange?, for destination: DestinationID) -> SequenceRange? {
      guard let range, let until = readers[destination], range.first <= until else { return nil }
      return SequenceRange(range.first, min(range.last, until))
    }
  }

  struct FrontKey: Hashable, Sendable {
    var destination: DestinationID
    var log: Int64
  }

  /// How far a destination is with a log.
  struct Front: Sendable {
    var acknowledged = SequenceRangeSet()
    /// What the disk has of ``acknowledged``.
    var stored: [SequenceRange] = []
    /// Records held and not acknowledged.
    var backlog: UInt64 = 0
  }

  var logs: [Log] = []
  var fronts: [FrontKey: Front] = [:]
  var retention: Retention?
  var shapes = ShapeTable()
  var history = History()
  /// Of a start without a clock that can be trusted.
  var lostTime: LostTime?
  /// Counters that outlive a restart.
  var purgedRecords: UInt64 = 0
  /// Records that coarser ones stand for; some may have been purged since.
  var thinnedRecords: UInt64 = 0
  var droppedSamples: UInt64 = 0
  var droppedEvents: UInt64 = 0

  /// Whether something of its own waits to be stored.
  func isDue(at now: Moment) -> Bool {
    history.isDue(at: now.wall) || now.isClockTrusted && lostTime.map { !$0.isSettled } ?? false
  }

  /// The logs of a kind that get records.
  func current(_ kind: LogState.Kind) -> [Int] {
    logs.indices.filter { logs[$0].kind == kind && !logs[$0].isRetired }
  }

  /// Another destination's log is as unknown as one that never was.
  func log(_ epoch: Epoch, readBy destination: DestinationID) throws -> Log {
    guard let log = logs.first(where: { $0.epoch == epoch && $0.readers[destination] != nil }) else {
      throw JournalError.unknownLog(epoch)
    }
    return log
  }

  func backlog(for destination: DestinationID) -> UInt64 {
    fronts.reduce(0) { $0 + ($1.key.destination == destination ? $1.value.backlog : 0) }
  }

  /// The seqs of a log that every destination which reads it has acknowledged. Without any these are all.
  func acknowledgedByAll(_ log: Log, destinations: [DestinationID]) -> [SequenceRange] {
    guard let written = log.written else { return [] }
    var missing = SequenceRangeSet()
    for destination in destinations {
      guard let read = log.part(of: written, for: destination) else { continue }
      let front = fronts[FrontKey(destination: destination, log: log.id)] ?? Front()
      for gap in front.acknowledged.gaps(in: read) { missing.insert(gap) }
    }
    return missing.gaps(in: written)
  }

  /// A segment was added.
  mutating func added(_ range: SequenceRange, to index: Int, lastTime: Timestamp, destinations: [DestinationID]) {
    logs[index].next = range.last + 1
    logs[index].lastTime = lastTime
    logs[index].held = SequenceRange(logs[index].held?.first ?? range.first, range.last)
    for destination in destinations where logs[index].part(of: range, for: destination) != nil {
      fronts[FrontKey(destination: destination, log: logs[index].id), default: Front()].backlog += range.count
    }
  }

  /// A segment was deleted.
  mutating func removed(_ range: SequenceRange, from log: Int64) {
    guard let log = logs.first(where: { $0.id == log }) else { return }
    for (key, front) in fronts where key.log == log.id {
      guard let read = log.part(of: range, for: key.destination) else { continue }
      let missing = front.acknowledged.gaps(in: read).reduce(0) { $0 + $1.count }
      fronts[key]?.backlog = front.backlog - min(missing, front.backlog)
    }
  }
}
