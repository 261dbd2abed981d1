import EnergyModel
import Hummingbird
import NIOCore
import Synchronization

/// The listeners of server-sent events. One state a second is written once and offered to all; a listener
/// keeps the newest only, so that a slow one costs one state and delays nobody. One that takes nothing
/// for fifteen seconds is cut.
final class LiveStreams: Sendable {
  struct Listener: Sendable {
    var id: UInt64
    var events: AsyncStream<ByteBuffer>
  }

  private struct Entry {
    var offer: AsyncStream<ByteBuffer>.Continuation
    var channel: any Channel
    var missed = 0
  }

  private struct State {
    var entries: [UInt64: Entry] = [:]
    var nextID: UInt64 = 0
    var hasEnded = false
  }

  /// A page or two in each browser of a house.
  static let capacity = 16
  private static let patience = 15

  private let source: any SiteStatusSource
  private let state = Mutex(State())

  init(source: any SiteStatusSource) { self.source = source }

  var count: Int { state.withLock { $0.entries.count } }

  /// Nil when there are too many, or the server is ending. The present state is waiting in it.
  func add(_ channel: any Channel) -> Listener? {
    let (events, offer) = AsyncStream<ByteBuffer>.makeStream(bufferingPolicy: .bufferingNewest(1))
    offer.yield(present())
    return state.withLock { state in
      guard !state.hasEnded, state.entries.count < Self.capacity else { return nil }
      state.nextID += 1
      state.entries[state.nextID] = Entry(offer: offer, channel: channel)
      return Listener(id: state.nextID, events: events)
    }
  }

  func remove(_ id: UInt64) { state.withLock { _ = $0.entries.removeValue(forKey: id) } }

  /// Runs until cancelled or ended.
  func broadcast() async {
    while !Task.isCancelled {
      do { try await Task.sleep(for: .seconds(1)) } catch { return }
      if count > 0 { offer(present()) }
    }
  }

  /// Ends every stream. Who reads sees a proper end; who does not is cut after a second.
  func end() {
    let entries = state.withLock { state in
      state.hasEnded = true
      defer { state.entries.removeAll() }
      return Array(state.entries.values)
    }
    for entry in entries {
      entry.offer.finish()
      let channel = entry.channel
      channel.eventLoop.scheduleTask(in: .seconds(1)) { channel.close(promise: nil) }
    }
  }

  private func offer(_ event: ByteBuffer) {
    let stuck = state.withLock { state in
      for (id, entry) in state.entries {
        // Dropping the one before means that the listener has not come for it.
        if case .dropped = entry.offer.yield(event) {
          state.entries[id]?.missed += 1
        } else {
          state.entries[id]?.missed = 0
        }
      }
      return state.entries.values.filter { $0.missed >= Self.patience }
    }
    for entry in stuck { entry.channel.close(promise: nil) }
  }

  private func present() -> ByteBuffer {
    ByteBuffer(string: "event: site\ndata: \(SiteJSON.text(source.status()))\n\n")
  }
}
