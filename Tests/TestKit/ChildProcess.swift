public import Foundation
import Synchronization

/// A program that a test starts and is sure to stop. Over `posix_spawn` and `waitpid`, because
/// Foundation's `Process` waits by spinning a run loop.
public final class ChildProcess: Sendable {
  public let identifier: pid_t
  /// The exit code, or 128 + the signal; nil while it runs.
  private let ended = Mutex<Int32?>(nil)

  /// - Parameters:
  ///   - executable: a path, or a name that is looked up on PATH.
  ///   - file: takes standard output and standard error; nil discards both.
  ///   - errors: a descriptor that takes standard error instead.
  ///   - input: a descriptor that is standard input, such as a terminal; otherwise there is nothing to read.
  ///   - environment: added to the caller's.
  public init(
    _ executable: String, _ arguments: [String], output file: URL? = nil, errors: Int32? = nil,
    input: Int32? = nil, environment: [String: String] = [:]
  ) throws {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    if let input {
      posix_spawn_file_actions_adddup2(&actions, input, 0)
    } else {
      posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    }
    posix_spawn_file_actions_addopen(&actions, 1, file?.path ?? "/dev/null", O_WRONLY | O_CREAT | O_APPEND, 0o600)
    posix_spawn_file_actions_adddup2(&actions, errors ?? 1, 2)
    // Nothing of ours is handed on: a connection that a child also holds never ends when we close it.
    for descriptor in Int32(3)..<1024 { posix_spawn_file_actions_addclose(&actions, descriptor) }
    // A process group of its own: Ctrl-C reaches whoever started it, who then stops it in order.
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    // Whoever calls may run on a thread that blocks signals, or ignore some: the child does neither.
    var none = sigset_t()
    sigemptyset(&none)
    posix_spawnattr_setsigmask(&attributes, &none)
    var all = sigset_t()
    sigfillset(&all)
    posix_spawnattr_setsigdefault(&attributes, &all)
    posix_spawnattr_setflags(
      &attributes, Int16(POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))
    var words = ([executable] + arguments).map { strdup($0) } + [nil]
    defer { words.forEach { free($0) } }
    let merged = ProcessInfo.processInfo.environment.merging(environment) { _, new in new }
    var settings = merged.map { strdup("\($0.key)=\($0.value)") } + [nil]
    defer { settings.forEach { free($0) } }
    var child = pid_t()
    let result = posix_spawnp(&child, executable, &actions, &attributes, &words, &settings)
    guard result == 0 else {
      throw TestKitError.didNotStart("\(executable): \(String(cString: strerror(result)))")
    }
    identifier = child
  }

  deinit { kill() }

  public var isRunning: Bool { reap(WNOHANG) == nil }

  public func signal(_ number: Int32) {
    // Once reaped, the number may belong to somebody else.
    if isRunning { Foundation.kill(identifier, number) }
  }

  /// Blocks until the program has ended; its exit code, or 128 + the signal that ended it.
  @discardableResult
  public func wait() -> Int32 { reap(0) ?? -1 }

  /// SIGKILL, and waits for the end.
  public func kill() {
    signal(SIGKILL)
    wait()
  }

  /// SIGTERM, and SIGKILL after 20 s; the exit code.
  @discardableResult
  public func terminate() -> Int32 {
    signal(SIGTERM)
    for _ in 0..<2000 where isRunning { usleep(10_000) }
    signal(SIGKILL)
    return wait()
  }

  private func reap(_ options: Int32) -> Int32? {
    ended.withLock { ended in
      if ended != nil { return ended }
      var status: Int32 = 0
      guard waitpid(identifier, &status, options) == identifier else { return nil }
      let signal = status & 0x7F
      ended = signal == 0 ? (status >> 8) & 0xFF : 128 + signal
      return ended
    }
  }
}
