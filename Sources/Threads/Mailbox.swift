public import Synchronization

/// A bounded queue into a thread: putting never blocks, and what does not fit is counted.
///
/// Inlinable, so that each element's own copying is used: through the witness of a generic it costs several times
/// what the queue does.
public final class Mailbox<Element: Sendable>: Sendable {
  @usableFromInline
  struct State {
    @usableFromInline var elements: [Element] = []
    @usableFromInline var dropped: UInt64 = 0

    @inlinable
    init() {}
  }

  @usableFromInline let state = Mutex(State())
  @usableFromInline let capacity: Int

  @inlinable
  public init(capacity: Int) { self.capacity = capacity }

  /// False, and one more dropped, when the mailbox is full.
  @inlinable
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
  @inlinable
  public func takeAll() -> [Element] {
    state.withLock { state in
      defer { state.elements.removeAll(keepingCapacity: true) }
      return state.elements
    }
  }

  @inlinable public var count: Int { state.withLock { $0.elements.count } }

  /// How many elements found no room so far.
  @inlinable public var dropped: UInt64 { state.withLock { $0.dropped } }
}
