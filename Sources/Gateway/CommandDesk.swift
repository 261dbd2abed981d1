public import EnergyDispatch
public import EnergyModel
import Synchronization

/// Takes commands from every uplink, keeps what holds, and hands it to each control cycle.
///
/// A command is taken on its link's own thread: what tightens a limit acts at once, everything else once it is on the disk;
/// only then the link goes on and the broker is told that the message arrived. The cycle and the links share one lock that
/// is held for microseconds; the links alone share a second one, held while somebody waits for the disk.
public final class CommandDesk: CommandPort {
  /// The key of the orders in the store.
  public static let storeKey = "orders"
  /// How long a link waits for the disk.
  static let patience: Duration = .seconds(3)
  /// How often the remaining times are saved while nothing else changes.
  static let longestUnsaved: Duration = .seconds(60)

  private struct State {
    var book: OrderBook
    /// What the store had is taken over. Before that nothing is saved, because it would be saved over it.
    var isRestored: Bool
    /// Counts what changed and a restart has to know, and how far it was saved.
    var changes = 0
    var savedChanges = 0
    /// A link may be waiting for the disk: what it saves is newer than what the cycle knows.
    var isKeeping = false
    var saved: MonotonicInstant?
    /// Of commands that act and are not on the disk yet.
    var untold: [CommandResult] = []
    /// When a heartbeat of a channel that is not its sender's was last told.
    var strangerTold: MonotonicInstant?
    var uplinks: [DestinationID: any CommandResultSink] = [:]
    var wake: @Sendable () -> Void = {}
  }

  private let state: Mutex<State>
  /// Held for the whole of one command.
  private let turn = Mutex(())
  private let store: any DurableStateStore
  private let records: any CommandResultSink
  private let events: any EventSink
  private let time: any TimeSource

  /// - Parameters:
  ///   - saved: what the store had under ``storeKey``; nil after a first start.
  ///   - isStoreRead: false where the store could not be asked yet: ``restore(_:)`` follows, and until then commands
  ///     act where they tighten and none is acknowledged.
  ///   - records: where results are recorded.
  public init(
    book: OrderBook, saved: [UInt8]?, isStoreRead: Bool = true, store: any DurableStateStore,
    records: any CommandResultSink, events: any EventSink, time: any TimeSource
  ) {
    self.store = store
    self.records = records
    self.events = events
    self.time = time
    state = Mutex(State(book: book, isRestored: false))
    if isStoreRead { restore(saved) }
  }

  /// Takes over what the store had.
  public func restore(_ saved: [UInt8]?) {
    let now = time.now()
    let losses = state.withLock { state in
      state.isRestored = true
      return saved.map { state.book.restore($0, at: now) } ?? []
    }
    guard !losses.isEmpty else { return }
    let shown = losses.prefix(8).joined(separator: ", ") + (losses.count > 8 ? " and \(losses.count - 8) more" : "")
    events.post(
      Event(
        at: now, name: "orders-lost", severity: .alarm,
        text: "of what was ordered before the restart could not be read: \(shown)",
        data: ["lost": .integer(Int64(losses.count))]))
  }

  /// What an uplink carries back to its peer. Before anything is started.
  public func attach(_ uplink: any CommandResultSink, to destination: DestinationID) {
    state.withLock { $0.uplinks[destination] = uplink }
  }

  /// - Parameter wake: makes the next control cycle come at once. Before anything is started.
  public func attach(wake: @escaping @Sendable () -> Void) { state.withLock { $0.wake = wake } }

  // MARK: The cycle's side

  /// What holds now. Returns at once; for each control cycle.
  public func orders(at now: Moment) -> StandingOrders {
    let (orders, results, bytes) = state.withLock { state in
      let orders = state.book.standing(at: now)
      let results = state.book.takeResults()
      if !results.isEmpty { state.changes += 1 }
      let isAged = state.saved.map { now.monotonic - $0 >= Self.longestUnsaved } ?? true
      let isDue = state.changes != state.savedChanges || isAged && state.book.isRunning
      guard state.isRestored, !state.isKeeping, isDue else {
        return (orders, results, [UInt8]?.none)
      }
      state.saved = now.monotonic
      state.savedChanges = state.changes
      return (orders, results, state.book.saved(at: now))
    }
    if let bytes { store.save(bytes, under: Self.storeKey) }
    tell(results)
    return orders
  }

  // MARK: The links' side

  public func accept(
    _ command: Command, from destination: DestinationID, isRetained: Bool, received: Moment
  ) -> Bool {
    turn.withLock { _ in
      var (next, changes) = state.withLock { state in
        state.isKeeping = true
        return (state.book, state.changes)
      }
      defer { state.withLock { $0.isKeeping = false } }
      let foreseen = next.accept(command, from: destination, isRetained: isRetained, at: received)
      if foreseen.isRepeated { return answerAgain(foreseen.results, command, destination, received) }
      func apply(isKept: Bool = false) -> [CommandResult] {
        let (results, wake) = state.withLock { state in
          if !isKept { state.changes += 1 }
          return (
            state.book.accept(command, from: destination, isRetained: isRetained, at: received).results, state.wake
          )
        }
        wake()
        return results
      }
      guard foreseen.isWorthKeeping else {
        tell(apply())
        return true
      }
      // On the disk the record and the order are one: a crash leaves both or none.
      for result in foreseen.results { records.post(result) }
      if foreseen.actsAtOnce {
        let results = apply()
        (next, changes) = state.withLock { state in
          state.untold += results
          return (state.book, state.changes)
        }
        return keep(next, changes, command, destination, received)
      }
      guard keep(next, changes, command, destination, received) else { return false }
      answer(apply(isKept: true))
      return true
    }
  }

  /// One that came before, perhaps because it acts and could not be kept.
  private func answerAgain(
    _ results: [CommandResult], _ command: Command, _ destination: DestinationID, _ received: Moment
  ) -> Bool {
    let (book, changes, isKept) = state.withLock { ($0.book, $0.changes, $0.untold.isEmpty) }
    guard isKept else { return keep(book, changes, command, destination, received) }
    answer(results)
    return true
  }

  /// Waits for the disk. Answers that were held back for that go then.
  /// - Parameter changes: those that the book has.
  private func keep(
    _ book: OrderBook, _ changes: Int, _ command: Command, _ destination: DestinationID, _ received: Moment
  ) -> Bool {
    guard state.withLock({ $0.isRestored }),
      store.saveDurably(book.saved(at: received), under: Self.storeKey, within: Self.patience)
    else {
      let isActing = state.withLock { state in
        // It may get to the disk all the same; then what holds has to follow it.
        state.changes += 1
        return !state.untold.isEmpty
      }
      let effect = isActing ? "it holds all the same" : "nothing was done"
      events.post(
        Event(
          at: time.now(), name: "command-not-kept", severity: .warning,
          text: "the command \(command.id) of \(destination) could not be kept: \(effect), and it is to come again",
          data: ["destination": .text(destination.name), "id": .text(command.id)]))
      return false
    }
    let results = state.withLock { state in
      state.savedChanges = max(state.savedChanges, changes)
      state.saved = received.monotonic
      defer { state.untold = [] }
      return state.untold
    }
    answer(results)
    return true
  }

  public func refuse(id: String?, _ reason: String, from destination: DestinationID, received: Moment) {
    if let id {
      return tell([
        CommandResult(destination: destination, id: id, outcome: .refused, reason: reason, at: received)
      ])
    }
    events.post(
      Event(
        at: received, name: "command-refused", severity: .warning, text: "\(destination): \(reason)",
        data: ["destination": .text(destination.name)]))
  }

  public func hear(_ channel: String, sent: Timestamp, from destination: DestinationID, received: Moment) {
    let isNews = state.withLock { state in
      guard !state.book.hear(channel, sent: sent, from: destination, at: received) else { return false }
      if let told = state.strangerTold, received.monotonic - told < .seconds(3600) { return false }
      state.strangerTold = received.monotonic
      return true
    }
    guard isNews else { return }
    events.post(
      Event(
        at: received, name: "heartbeat-refused", severity: .warning,
        text: "\(destination) sends heartbeats of \(channel.prefix(64)), which is no channel of its own",
        data: ["destination": .text(destination.name)]))
  }

  private func tell(_ results: [CommandResult]) {
    for result in results { records.post(result) }
    answer(results)
  }

  private func answer(_ results: [CommandResult]) {
    for result in results { state.withLock { $0.uplinks[result.destination] }?.post(result) }
  }
}
