import EnergyModel

/// What a journal has said is on the disk, and what it may have put there without saying so. Holds that
/// against what is found.
struct Promise: Sendable {
  /// What was posted and is not known to be committed.
  struct Flight: Sendable {
    var samples: [Sample] = []
    var events: [String] = []
    var state: [UInt8]?
  }

  private var epoch: Epoch?
  /// Of the telemetry log.
  private var records: [UInt64: Sample] = [:]
  private(set) var next: UInt64 = 1
  private var events: Set<String> = []
  private var state: [UInt8]?
  /// Acknowledged in the telemetry log: ever, and before a commit that returned.
  private(set) var acknowledged = SequenceRangeSet()
  private var keptAcknowledged = SequenceRangeSet()
  var flight = Flight()

  /// A commit of everything in flight returned; the telemetry log stands at `next`.
  mutating func keep(_ next: (epoch: Epoch, seq: UInt64)) {
    epoch = epoch ?? next.epoch
    let first = next.seq - UInt64(flight.samples.count)
    for (index, sample) in flight.samples.enumerated() { records[first + UInt64(index)] = sample }
    self.next = next.seq
    events.formUnion(flight.events)
    state = flight.state ?? state
    keptAcknowledged = acknowledged
    flight = Flight()
  }

  mutating func acknowledge(_ range: SequenceRange) { acknowledged.insert(range) }

  /// What is wrong with what was found. A commit that did not return and turned out to be there is promised
  /// from now on, because it can be sent; what was dropped and announced is promised no longer.
  mutating func examine(_ logs: [HeldLog], state found: [UInt8]?) -> [String] {
    guard logs.count == 2, let telemetry = logs.first(where: { $0.kind == .telemetry }),
      let log = logs.first(where: { $0.kind == .events })
    else { return ["lost: there are \(logs.count) logs"] }
    guard epoch == nil || epoch == telemetry.epoch else { return ["lost: the log has another epoch"] }
    let isFlightThere = !flight.samples.isEmpty && telemetry.next > next
    var wrong = examineRecords(telemetry, announced: announced(telemetry.epoch, log))
    wrong += examineEvents(log, isFlightThere)
    if found != (isFlightThere ? flight.state ?? state : state) { wrong.append("lost: the state") }
    wrong += examineAcknowledgements(telemetry)
    if isFlightThere { keep((telemetry.epoch, telemetry.next)) }
    flight = Flight()
    acknowledged = telemetry.acknowledged
    keptAcknowledged = telemetry.acknowledged
    return wrong
  }

  private func examineAcknowledgements(_ log: HeldLog) -> [String] {
    let more = log.acknowledged.ranges.filter { !acknowledged.contains($0) }
    let held = log.segments.first?.range.first ?? .max
    let fewer = keptAcknowledged.ranges.filter { $0.first >= held && !log.acknowledged.contains($0) }
    return more.map { "acknowledged by nobody: \($0)" } + fewer.map { "lost: the acknowledgement of \($0)" }
  }

  private func announced(_ epoch: Epoch, _ events: HeldLog) -> SequenceRangeSet {
    SequenceRangeSet(events.bodies.compactMap(HeldLog.dropped).filter { $0.epoch == epoch }.map(\.range))
  }

  private mutating func examineRecords(_ log: HeldLog, announced: SequenceRangeSet) -> [String] {
    var wrong: [String] = []
    let found = log.records
    let covered = log.covered
    for (seq, sample) in records {
      if let record = found[seq] {
        if record.body != .sample(sample) { wrong.append("twice: \(seq) has another content") }
      } else if announced.contains(seq) {
        records[seq] = nil
      } else if !covered.contains(seq) {
        wrong.append("lost: \(seq)")
      }
    }
    let known = covered.union(announced)
    if log.next > 1, let gap = known.gaps(in: SequenceRange(1, log.next - 1)).first {
      wrong.append("lost: not dense at \(gap)")
    }
    if log.next < next { wrong.append("lost: the next seq is \(log.next) and was \(next)") }
    let more = log.next - min(next, log.next)
    if more != 0 && more != UInt64(flight.samples.count) {
      wrong.append("half a commit: \(more) of \(flight.samples.count) samples")
    }
    for (index, sample) in flight.samples.prefix(Int(more)).enumerated()
    where found[next + UInt64(index)]?.body != .sample(sample) {
      wrong.append("twice: \(next + UInt64(index)) is not what was posted")
    }
    return wrong.count > 5 ? Array(wrong.prefix(5)) + ["and \(wrong.count - 5) more"] : wrong
  }

  private func examineEvents(_ log: HeldLog, _ isFlightThere: Bool) -> [String] {
    let names = log.bodies.compactMap(HeldLog.eventName).filter { $0.hasPrefix("e-") }
    let wanted = isFlightThere ? events.union(flight.events) : events
    var wrong = wanted.subtracting(names).sorted().map { "lost: event \($0)" }
    wrong += Set(names).subtracting(wanted).sorted().map { "half a commit: event \($0)" }
    if Set(names).count != names.count { wrong.append("twice: an event") }
    if log.next > 1, log.covered.ranges != [SequenceRange(1, log.next - 1)] { wrong.append("lost: events not dense") }
    return wrong
  }
}
