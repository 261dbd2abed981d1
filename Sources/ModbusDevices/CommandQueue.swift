import EnergyModel
import Synchronization

/// Commands on their way to a bus: bounded, in order, and none is ever lost between stop and end.
final class CommandQueue: Sendable {
  enum Entry: Hashable, Sendable { case accepted, full, stopped }

  private struct State {
    var commands: [SetpointCommand] = []
    var isStopped = false
  }

  private let state = Mutex(State())
  private let capacity: Int

  init(capacity: Int) { self.capacity = capacity }

  func put(_ command: SetpointCommand) -> Entry {
    state.withLock { state in
      if state.isStopped { return .stopped }
      guard state.commands.count < capacity else { return .full }
      state.commands.append(command)
      return .accepted
    }
  }

  func takeFirst() -> SetpointCommand? {
    state.withLock { $0.commands.isEmpty ? nil : $0.commands.removeFirst() }
  }

  /// Takes no more; what was accepted stays to be taken.
  func stop() { state.withLock { $0.isStopped = true } }

  var isStopped: Bool { state.withLock { $0.isStopped } }
}
