import Glibc

/// A thread of our own, for a C handle that belongs to one thread or a loop that nothing may delay.
public struct OwnThread: Sendable {
  private let handle: pthread_t

  /// Starts a thread that runs `body` and ends with it. Traps when the system refuses a thread, which
  /// happens at start-up or never.
  /// - Parameter name: shows in `top -H`; at most 15 bytes, or the system keeps the old one.
  public init(name: String, _ body: @escaping @Sendable () -> Void) {
    let box = Unmanaged.passRetained(Body(name: name, run: body))
    var handle = pthread_t()
    let result = pthread_create(
      &handle, nil,
      { argument in
        guard let argument else { return nil }
        let body = Unmanaged<Body>.fromOpaque(argument).takeRetainedValue()
        Self.nameCallingThread(body.name)
        body.run()
        return nil
      }, box.toOpaque())
    precondition(result == 0, "the system refuses another thread")
    self.handle = handle
  }

  /// Starts a thread that nobody will ``join()``: it ends when `body` does, however long that takes.
  public static func detached(name: String, _ body: @escaping @Sendable () -> Void) {
    pthread_detach(OwnThread(name: name, body).handle)
  }

  /// Runs `body`, which may block, on a thread of its own, and suspends the caller until it has ended: for programs that do one
  /// thing and then end. What `body` makes and closes lives on that one thread.
  public static func run<Value: Sendable>(
    name: String, _ body: @escaping @Sendable () throws -> Value
  ) async throws -> Value {
    try await withCheckedThrowingContinuation { continuation in
      detached(name: name) { continuation.resume(with: Result { try body() }) }
    }
  }

  /// Blocks until the thread has ended. Call it once, and never from the cooperative pool unless the
  /// thread is known to be ending.
  public func join() { pthread_join(handle, nil) }

  private static func nameCallingThread(_ name: String) {
    let file = open("/proc/thread-self/comm", O_WRONLY)
    guard file >= 0 else { return }
    var text = name
    _ = text.withUTF8 { write(file, $0.baseAddress, min($0.count, 15)) }
    close(file)
  }

  private final class Body: Sendable {
    let name: String
    let run: @Sendable () -> Void
    init(name: String, run: @escaping @Sendable () -> Void) {
      self.name = name
      self.run = run
    }
  }
}
