import EnergyModel
import GRDB

extension CommitTransaction {
  /// Segments that become one.
  static let mostThinnedSegments = 256
  /// Records of a thinned segment, so that a message stays small.
  static let mostThinnedRecords = 512
  /// What is younger than this, measured from the newest record, stays as it is.
  static let untouched: Duration = .seconds(900)

  /// Neighbours of a log that may become one segment.
  private struct Run {
    var log: Int
    var parts: [SegmentTable.Candidate]

    var bytes: Int { parts.reduce(0) { $0 + $1.bytes } }
    var span: Duration { (parts.map(\.key.lastTime).max() ?? start) - start }
    private var start: Timestamp { parts.map(\.firstTime).min() ?? Timestamp(milliseconds: 0) }
  }

  /// Makes the oldest telemetry coarser until no more than `target` pages are in use, first all of it to minutes,
  /// then to quarter hours. Stops earlier where that is too much work for one commit.
  /// - Returns: gap records of segments that turned out to be unreadable.
  mutating func thin(downTo target: Int) throws -> [Entry] {
    var unreadable = DroppedRuns()
    var spent = 0
    for grain in Thinning.Grain.allCases {
      while spent < room.mostThinnedBytes, try pagesInUse() > target, let run = try oldestRun(for: grain) {
        // Many small runs are as much work.
        spent += max(run.bytes, room.pageSize)
        try thin(run, to: grain, &unreadable)
      }
    }
    if !unreadable.runs.isEmpty { try settle() }
    return announce(unreadable, cause: "damaged")
  }

  private mutating func oldestRun(for grain: Thinning.Grain) throws -> Run? {
    var best: Run?
    for index in ledger.logs.indices where ledger.logs[index].canBeThinned {
      guard let run = try run(index, for: grain) else { continue }
      if run.parts[0].key.lastTime < best?.parts[0].key.lastTime ?? Timestamp(milliseconds: .max) { best = run }
    }
    return best
  }

  /// The oldest neighbours of a log that are to be thinned; nil while they are too few, and more will join them.
  private mutating func run(_ index: Int, for grain: Thinning.Grain) throws -> Run? {
    let log = ledger.logs[index]
    guard let held = log.held, let newest = log.lastTime else { return nil }
    let from = try max(held.first, log.thinned[grain] ?? segments.firstCoarser(log.id, held, grain))
    ledger.logs[index].thinned[grain] = from
    let candidates = try segments.candidates(log.id, from: from, limit: Self.mostThinnedSegments + 1)
    var run = Run(log: index, parts: [])
    var isComplete = log.isRetired
    while let next = try candidates.next() {
      if run.parts.isEmpty, !grain.thins(next.format) { continue }
      let first = run.parts.first ?? next
      // What is dated in the future was recorded while the clock was ahead, and may be of any age.
      let isYoung = next.key.lastTime > newest - Self.untouched && next.key.lastTime <= max(newest, now.wall)
      if !log.isRetired, isYoung { break }
      let follows = run.parts.last.map { $0.key.range.last + 1 == next.key.range.first } ?? true
      let isAlike = grain.thins(next.format) && status(next.key.range, log) == status(first.key.range, log)
      let isFull =
        run.parts.count == Self.mostThinnedSegments
        || !run.parts.isEmpty && run.bytes + next.bytes > room.mostThinnedBytes
      guard follows && isAlike && !isFull else {
        // What is still fine will be as coarse some day, and join.
        isComplete = isComplete || !follows || isFull || next.format?.isThinned ?? true || grain == .minutes
        break
      }
      run.parts.append(next)
    }
    let enough = Duration.milliseconds((grain == .minutes ? Thinning.Grain.quarters : grain).milliseconds)
    return !run.parts.isEmpty && (isComplete || run.span >= (grain == .minutes ? enough : enough * 4)) ? run : nil
  }

  /// For each destination: whether it has nothing or all of the range, or does not read it at all. What it has or
  /// reads in part is like nothing else.
  private func status(_ range: SequenceRange, _ log: Ledger.Log) -> [UInt64] {
    destinations.map { destination in
      guard let read = log.part(of: range, for: destination) else { return .max - 1 }
      guard read == range else { return range.first }
      let front = ledger.fronts[Ledger.FrontKey(destination: destination, log: log.id)] ?? Ledger.Front()
      let missing = front.acknowledged.gaps(in: range)
      if missing.isEmpty { return .max }
      return missing == [range] ? 0 : range.first
    }
  }

  private mutating func thin(_ run: Run, to grain: Thinning.Grain, _ unreadable: inout DroppedRuns) throws {
    let log = ledger.logs[run.log]
    var parts: [SegmentTable.Candidate] = []
    var samples: [Sample] = []
    var slots: Set<Thinning.Slot> = []
    var whole = 0
    let kept = log.pointsOnChange
    for part in run.parts {
      let more: [Sample]
      do {
        more = try segments.segment(part.key, of: log, shapes: ledger.shapes).samples
      } catch is SegmentDamage {
        guard parts.isEmpty else { break }
        try delete(part.key, of: log.id, into: &unreadable)
        ledger.logs[run.log].thinned[grain] = part.key.range.last + 1
        return
      }
      let fine = more.filter { Thinning.isFine($0, grain, kept) }
      let grown = slots.union(fine.map { Thinning.Slot($0, grain) })
      whole += more.count - fine.count
      guard parts.isEmpty || grown.count + whole <= Self.mostThinnedRecords else { break }
      slots = grown
      samples += more
      parts.append(part)
    }
    guard let last = parts.last else { return }
    ledger.logs[run.log].thinned[grain] = last.key.range.last + 1
    try replace(Run(log: run.log, parts: parts), samples, grain)
  }

  /// Where minutes save nothing, quarter hours may; where they do not either, everything stays.
  private mutating func replace(_ run: Run, _ samples: [Sample], _ grain: Thinning.Grain) throws {
    for grain in grain == .minutes ? Thinning.Grain.allCases : [grain] {
      var shapes = ledger.shapes
      let thinned = Thinning.thin(samples, to: grain, keeping: ledger.logs[run.log].pointsOnChange)
      guard thinned.count < samples.count else { continue }
      let payload = Payload(thinned, as: grain.format, shapes: &shapes)
      guard payload.bytes.count < run.bytes else { continue }
      ledger.shapes = shapes
      try segments.replace(run.parts, of: ledger.logs[run.log].id, with: payload)
      for part in run.parts where !(part.format?.isThinned ?? true) { ledger.thinnedRecords += part.key.range.count }
      return
    }
  }
}

extension SegmentTable {
  /// What decides whether a segment is thinned.
  struct Candidate: Sendable {
    var key: Key
    var firstTime: Timestamp
    /// Nil for one that this version does not know.
    var format: SegmentFormat?
    /// Of its payload.
    var bytes: Int
  }

  /// The segments that begin at `seq` or after it, oldest first.
  func candidates(_ log: Int64, from seq: UInt64, limit: Int) throws -> AnyCursor<Candidate> {
    let rows = try Row.fetchCursor(
      db.cachedStatement(
        sql: """
          SELECT id, first, last, first_time, last_time, format, length(payload) AS bytes FROM segment
          WHERE log = ? AND first >= ? ORDER BY first LIMIT ?
          """), arguments: [log, signed(seq), limit])
    let candidates = rows.map { row in
      Candidate(
        key: try key(row), firstTime: Timestamp(milliseconds: try row.integer("first_time")),
        format: SegmentFormat(rawValue: try row.integer("format")), bytes: Int(try row.number("bytes")))
    }
    return AnyCursor(candidates)
  }

  /// Where the segments begin that `grain` has not reached yet. What is older is coarser, so halving finds it without
  /// reading what lies before.
  func firstCoarser(_ log: Int64, _ held: SequenceRange, _ grain: Thinning.Grain) throws -> UInt64 {
    var (low, high) = (held.first, held.last + 1)
    while low < high {
      let middle = low + (high - low) / 2
      let found = try candidates(log, from: middle, limit: 1).next()
      if let found, found.key.range.first < high, found.format?.isThinned ?? true,
        grain == .minutes || !grain.thins(found.format)
      {
        low = found.key.range.last + 1
      } else {
        high = middle
      }
    }
    return low
  }

  /// One segment takes the place of neighbours, in the table too, so that what is old lies together.
  func replace(_ parts: [Candidate], of log: Int64, with payload: Payload) throws {
    guard let first = parts.first, let last = parts.last else { return }
    for part in parts { try delete(part.key) }
    try db.run(
      "INSERT INTO segment(id, log, first, last, first_time, last_time, format, payload) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
      [
        first.key.id, log, signed(first.key.range.first), signed(last.key.range.last),
        parts.map(\.firstTime.milliseconds).min(), parts.map(\.key.lastTime.milliseconds).max(),
        payload.format.rawValue, blob(payload.bytes),
      ])
  }
}

extension Segment {
  fileprivate var samples: [Sample] {
    records.compactMap { record in
      if case .sample(let sample) = record.body { sample } else { nil }
    }
  }
}
