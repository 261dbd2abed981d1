import Synchronization

/// Wakes one waiting task, at once or after a while. Rings while it works become one.
final class Bell: Sendable {
  let rings: AsyncStream<Void>
  private let ringer: AsyncStream<Void>.Continuation
  private let timer = Mutex<Task<Void, Never>?>(nil)

  init() { (rings, ringer) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1)) }

  func ring() { ringer.yield() }

  /// Rings after `delay`. Replaces what was set before; nil only takes that back.
  func set(after delay: Duration?) {
    timer.withLock { timer in
      timer?.cancel()
      timer = delay.map { delay in
        Task { [ringer] in
          do { try await Task.sleep(for: max(delay, .zero)) } catch { return }
          ringer.yield()
        }
      }
    }
  }
}
