import EnergyModel
import Synchronization

/// A journal in memory.
final class FakeStore: SegmentStore {
  struct Broken: Error {}

  private struct State {
    var segments: [Segment] = []
    var acknowledged: [DestinationID: [Epoch: SequenceRangeSet]] = [:]
    /// Epochs that a destination does not read.
    var hidden: [DestinationID: Set<Epoch>] = [:]
    var isBroken = false
    var questions = 0
    var listeners: [AsyncStream<Void>.Continuation] = []
  }

  let boot = 12
  private let state = Mutex(State())

  init(_ segments: [Segment] = []) { state.withLock { $0.segments = segments } }

  func commits() -> AsyncStream<Void> {
    let (stream, teller) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
    state.withLock { $0.listeners.append(teller) }
    return stream
  }

  func commit(_ segments: Segment...) {
    let listeners = state.withLock { state in
      state.segments += segments
      return state.listeners
    }
    for listener in listeners { listener.yield() }
  }

  func breakDown(_ isBroken: Bool) { state.withLock { $0.isBroken = isBroken } }
  func acknowledged(_ epoch: Epoch = Given.epoch, by destination: DestinationID = "vpp") -> [SequenceRange] {
    state.withLock { $0.acknowledged[destination]?[epoch]?.ranges ?? [] }
  }
  func hide(_ epoch: Epoch, from destination: DestinationID) {
    state.withLock { _ = $0.hidden[destination, default: []].insert(epoch) }
  }
  /// How often it was asked anything.
  var questions: Int { state.withLock { $0.questions } }

  func logs(for destination: DestinationID) async throws -> [LogState] {
    try state.withLock { state in
      state.questions += 1
      if state.isBroken { throw Broken() }
      return [LogState.Kind.telemetry, .events].flatMap { kind in
        let name = kind == .telemetry ? "telemetry" : "events"
        let hidden = state.hidden[destination] ?? []
        let segments = state.segments.filter { $0.log == name && !hidden.contains($0.epoch) }
        return Set(segments.map(\.epoch)).sorted().map { epoch in
          let ranges = segments.filter { $0.epoch == epoch }.map(\.range)
          let held = SequenceRange(ranges.map(\.first).min() ?? 1, ranges.map(\.last).max() ?? 1)
          return LogState(epoch: epoch, name: name, kind: kind, held: held)
        }
      }
    }
  }

  func replay(_ ranges: [SequenceRange], of epoch: Epoch, to destination: DestinationID) async throws {
    let asked = SequenceRangeSet(ranges)
    try state.withLock { state in
      let last = state.segments.filter { $0.epoch == epoch }.map(\.range.last).max() ?? 0
      guard ranges.contains(where: { $0.first <= last }) else { throw Broken() }
      let kept = (state.acknowledged[destination]?[epoch]?.ranges ?? []).flatMap { asked.gaps(in: $0) }
      state.acknowledged[destination, default: [:]][epoch] = SequenceRangeSet(kept)
    }
  }

  func backlog(for destination: DestinationID) -> UInt64 {
    state.withLock { state in
      state.segments.reduce(0) { sum, segment in
        let done = state.acknowledged[destination]?[segment.epoch] ?? SequenceRangeSet()
        let gaps = done.gaps(in: segment.range)
        return sum + gaps.reduce(0) { $0 + $1.count }
      }
    }
  }

  func unacknowledged(
    by destination: DestinationID, of epoch: Epoch, excluding inFlight: SequenceRangeSet, since: Timestamp?, limit: Int
  ) async throws -> [Segment] {
    try state.withLock { state in
      if state.isBroken { throw Broken() }
      let done = (state.acknowledged[destination]?[epoch] ?? SequenceRangeSet()).union(inFlight)
      let left = state.segments.filter { segment in
        segment.epoch == epoch && !done.contains(segment.range) && segment.lastTime >= since ?? segment.lastTime
      }
      return Array(left.sorted { $0.range.first < $1.range.first }.prefix(limit))
    }
  }

  func acknowledge(_ ranges: [SequenceRange], of epoch: Epoch, by destination: DestinationID) async throws {
    try state.withLock { state in
      if state.isBroken { throw Broken() }
      for range in ranges {
        state.acknowledged[destination, default: [:]][epoch, default: SequenceRangeSet()].insert(range)
      }
    }
  }
}

/// Leaves the bytes as they are, so that tests read what would be compressed.
struct NoCompression: ByteCompressor {
  func compress(_ bytes: [UInt8]) -> [UInt8] { bytes }
}
