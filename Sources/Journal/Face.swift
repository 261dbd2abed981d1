import EnergyModel
import Synchronization

/// What everybody may see of the journal without waiting for it.
final class Face: Sendable {
  private struct State {
    var counters = SiteStatus.Journal()
    var backlog: [DestinationID: UInt64] = [:]
    var acknowledged: [DestinationID: UInt64] = [:]
    var listeners: [UInt64: AsyncStream<Void>.Continuation] = [:]
    var nextListener: UInt64 = 0
    var isFinished = false
    var droppedBefore: (samples: UInt64, events: UInt64) = (0, 0)

    mutating func showBacklog(_ ledger: Ledger) {
      for destination in Set(ledger.fronts.keys.map(\.destination)) {
        backlog[destination] = ledger.backlog(for: destination)
      }
    }
  }

  private let state = Mutex(State())

  init(budget: UInt64) { state.withLock { $0.counters.budget = budget } }

  var counters: SiteStatus.Journal { state.withLock { $0.counters } }

  func backlog(for destination: DestinationID) -> UInt64 { state.withLock { $0.backlog[destination] ?? 0 } }

  func acknowledged(by destination: DestinationID) -> UInt64 { state.withLock { $0.acknowledged[destination] ?? 0 } }

  /// Drops of earlier starts.
  var droppedBefore: (samples: UInt64, events: UInt64) { state.withLock { $0.droppedBefore } }

  func booted(_ number: Int, droppedBefore: (samples: UInt64, events: UInt64)) {
    state.withLock { state in
      state.counters.boot = number
      state.droppedBefore = droppedBefore
    }
  }

  func show(fault: String) { state.withLock { $0.counters.fault = fault } }

  func show(_ ledger: Ledger, bytes: UInt64, fault: String?) {
    state.withLock { state in
      state.counters.purgedRecords = ledger.purgedRecords
      state.counters.thinnedRecords = ledger.thinnedRecords
      state.counters.bytes = bytes
      state.counters.fault = fault
      state.showBacklog(ledger)
    }
  }

  func showBacklog(_ ledger: Ledger) { state.withLock { $0.showBacklog(ledger) } }

  func acknowledged(_ records: UInt64, by destination: DestinationID, _ ledger: Ledger) {
    state.withLock { state in
      state.acknowledged[destination, default: 0] += records
      state.showBacklog(ledger)
    }
  }

  /// A commit is on the disk. Tells everyone who listens when it added records.
  func committed(_ records: UInt64) {
    let listeners = state.withLock { state in
      state.counters.commits += 1
      state.counters.committedRecords += records
      return Array(state.listeners.values)
    }
    if records > 0 { for listener in listeners { listener.yield() } }
  }

  func listen() -> AsyncStream<Void> {
    let (stream, continuation) = AsyncStream.makeStream(of: Void.self, bufferingPolicy: .bufferingNewest(1))
    let number = state.withLock { state -> UInt64? in
      guard !state.isFinished else { return nil }
      state.nextListener += 1
      state.listeners[state.nextListener] = continuation
      return state.nextListener
    }
    guard let number else {
      continuation.finish()
      return stream
    }
    continuation.onTermination = { [weak self] _ in
      _ = self?.state.withLock { $0.listeners.removeValue(forKey: number) }
    }
    return stream
  }

  /// Ends every stream.
  func finish() {
    let listeners = state.withLock { state in
      state.isFinished = true
      return Array(state.listeners.values)
    }
    for listener in listeners { listener.finish() }
  }
}
