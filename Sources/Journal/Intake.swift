import EnergyModel
import Synchronization
import Threads

/// Where everybody puts what is to be kept. Nothing here ever waits: what finds no room is counted.
final class Intake: Sendable {
  /// What found no room: how much, and the time it would have covered.
  struct Overflow: Sendable {
    var count: UInt64 = 0
    var from: Timestamp?
    var to: Timestamp?
  }

  private struct Side {
    var states: [String: [UInt8]] = [:]
    /// Counts what was put in here; see ``Batch/states``.
    var lastState: UInt64 = 0
    var isUrgent = false
    var lostSamples = Overflow()
    /// Events, decisions and states.
    var lostEntries = Overflow()
    var refusedStates: UInt64 = 0
  }

  /// Different keys of ``StateStore`` that may wait at once.
  static let mostStates = 1024

  private let samples: Mailbox<Sample>
  private let entries: Mailbox<Entry>
  private let side = Mutex(Side())

  init(capacity: Int) {
    samples = Mailbox(capacity: capacity)
    entries = Mailbox(capacity: capacity)
  }

  func put(_ sample: Sample) {
    guard !samples.put(sample) else { return }
    side.withLock { $0.lostSamples.add(sample.measured.wall) }
  }

  func put(_ entry: Entry, isUrgent: Bool) {
    let hasRoom = entries.put(entry)
    guard isUrgent || !hasRoom else { return }
    side.withLock { side in
      if isUrgent { side.isUrgent = true }
      if !hasRoom { side.lostEntries.add(entry.at.wall) }
    }
  }

  /// - Returns: its number: states are committed in the order of these. Nil where it found no room.
  @discardableResult
  func put(_ bytes: [UInt8], under key: String, at time: Timestamp, isUrgent: Bool) -> UInt64? {
    side.withLock { side in
      guard side.states.count < Self.mostStates || side.states[key] != nil else {
        side.refusedStates += 1
        side.lostEntries.add(time)
        return nil
      }
      side.states[key] = bytes
      side.lastState += 1
      if isUrgent { side.isUrgent = true }
      return side.lastState
    }
  }

  func waitingState(_ key: String) -> [UInt8]? { side.withLock { $0.states[key] } }

  var hasWork: Bool { samples.count > 0 || entries.count > 0 || side.withLock { !$0.states.isEmpty } }

  /// Whether something urgent came since the last call.
  func takeUrgency() -> Bool {
    side.withLock { side in
      defer { side.isUrgent = false }
      return side.isUrgent
    }
  }

  var droppedSamples: UInt64 { samples.dropped }
  /// Events, decisions and states.
  var droppedEvents: UInt64 { entries.dropped + side.withLock { $0.refusedStates } }

  /// Moves what waits into `batch`. A batch that could not be committed keeps its samples and entries as
  /// they are, and what came later goes on waiting, so that the bound of the queues bounds everything.
  func fill(_ batch: inout Batch) {
    if batch.samples.isEmpty { batch.samples = samples.takeAll() }
    if batch.entries.isEmpty { batch.entries = entries.takeAll() }
    let (states, lastState, lostSamples, lostEntries) = side.withLock { side in
      defer {
        side.states = [:]
        side.lostSamples = Overflow()
        side.lostEntries = Overflow()
      }
      return (side.states, side.lastState, side.lostSamples, side.lostEntries)
    }
    batch.states.merge(states) { $1 }
    batch.lastState = lastState
    batch.lostSamples.add(lostSamples)
    batch.lostEntries.add(lostEntries)
  }
}

extension Intake.Overflow {
  mutating func add(_ time: Timestamp) { add(Self(count: 1, from: time, to: time)) }

  mutating func add(_ more: Self) {
    count += more.count
    from = [from, more.from].compactMap { $0 }.min()
    to = [to, more.to].compactMap { $0 }.max()
  }
}

/// What one commit is to put on the disk.
struct Batch: Sendable {
  var samples: [Sample] = []
  var entries: [Entry] = []
  var states: [String: [UInt8]] = [:]
  /// The number of the newest of them, or of one before.
  var lastState: UInt64 = 0
  var lostSamples = Intake.Overflow()
  var lostEntries = Intake.Overflow()

  var isEmpty: Bool {
    samples.isEmpty && entries.isEmpty && states.isEmpty && lostSamples.count == 0 && lostEntries.count == 0
  }

  /// The time of the oldest of what waits.
  var begins: Timestamp? { (samples.map(\.measured.wall) + [lostSamples.from].compactMap { $0 }).min() }
}
