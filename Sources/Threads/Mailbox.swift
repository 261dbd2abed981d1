import Synchronization

/// A bounded queue into a thread: putting never blocks, and what does not fit is counted.
public final class Mailbox<Element: Sendable>: Sendable {
  private struct State {
    var elements: [Element] = []
    var dropped: UInt64 = 0
  }

  private let state = Mutex(State())
  private let capacity: Int

  public init(capacity: Int) { self.capacity = capacity }

  /// False, and one more dropped, when the mailbox is full.
  @discardableResult
  public func put(_ element: Element) -> Bool {
    state.withLock { state in
      guard state.elements.count < capacity else {
        state.dropped += 1
        return false
      }
      state.elements.append(element)
      return true
    }
  }

  /// Everything that waits, in order.
  public func takeAll() -> [Element] {
    state.withLock { state in
      defer { state.elements.removeAll(keepingCapacity: true) }
      return state.elements
    }
  }

  public var count: Int { state.withLock { $0.elements.count } }

  /// How many elements found no room so far.
  public var dropped: UInt64 { state.withLock { $0.dropped } }
}
