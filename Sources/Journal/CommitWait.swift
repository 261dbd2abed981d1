import EnergyModel
import Synchronization
import Threads

/// Where threads of others wait until a state is on the disk.
final class CommitWait: Sendable {
  private struct State {
    /// The newest state that is on the disk.
    var committed: UInt64 = 0
    /// The newest one that a commit was tried with in vain.
    var failed: UInt64 = 0
    var isClosed = false
    var waiting: [UInt64: Wakeup] = [:]
    var nextWaiter: UInt64 = 0
  }

  private let state = Mutex(State())

  func committed(_ number: UInt64) { change { $0.committed = max($0.committed, number) } }

  /// It is tried again later; who waits learns it now.
  func failed(_ number: UInt64) { change { $0.failed = max($0.failed, number) } }

  func close() { change { $0.isClosed = true } }

  private func change(_ change: (inout State) -> Void) {
    let waiting = state.withLock { state in
      change(&state)
      return Array(state.waiting.values)
    }
    for bell in waiting { bell.ring() }
  }

  /// Blocks the calling thread.
  /// - Returns: whether the state of this number is on the disk.
  func wait(for number: UInt64, until deadline: MonotonicInstant) -> Bool {
    let bell = Wakeup()
    let waiter = state.withLock { state in
      state.nextWaiter += 1
      state.waiting[state.nextWaiter] = bell
      return state.nextWaiter
    }
    defer { _ = state.withLock { $0.waiting.removeValue(forKey: waiter) } }
    while true {
      let (isCommitted, isHopeless) = state.withLock { state in
        (state.committed >= number, state.isClosed || state.failed >= number)
      }
      if isCommitted { return true }
      if isHopeless || .current >= deadline { return false }
      bell.wait(until: deadline)
    }
  }
}
