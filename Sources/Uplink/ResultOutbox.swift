import EnergyModel
import Synchronization

/// Results that wait to be told, and those under way. Bounded: the oldest gives way, because the event log has all of
/// them, and whoever asks with the same id is answered again.
final class ResultOutbox: Sendable {
  static let most = 256

  private struct State {
    var waiting: [CommandResult] = []
    var underWay: [(id: UInt64, result: CommandResult)] = []
  }

  private let state = Mutex(State())

  func put(_ result: CommandResult) {
    state.withLock { state in
      if state.waiting.count >= Self.most { state.waiting.removeFirst() }
      state.waiting.append(result)
    }
  }

  var first: CommandResult? { state.withLock { $0.waiting.first } }

  /// The first was handed over as this message.
  func sent(_ result: CommandResult, as id: UInt64) {
    state.withLock { state in
      if state.waiting.first == result { state.waiting.removeFirst() }
      state.underWay.append((id, result))
    }
  }

  func acknowledged(_ ids: [UInt64]) {
    state.withLock { state in
      guard !state.underWay.isEmpty else { return }
      state.underWay.removeAll { ids.contains($0.id) }
    }
  }

  /// Whatever was under way goes again.
  func disconnected() {
    state.withLock { state in
      state.waiting = (state.underWay.map(\.result) + state.waiting).suffix(Self.most)
      state.underWay = []
    }
  }
}
