public import EnergyModel
import Glibc
import Synchronization
import Threads

/// A TCP proxy on loopback that is a bad line: in front of any server, with faults that are switched while it
/// runs, and with a rate and a delay. One thread of its own, buffers of at most 64 kB each way, so that whoever
/// sends feels the line's back-pressure. It runs until ``stop()``.
public final class FaultProxy: Sendable {
  public enum Mode: Hashable, Sendable {
    /// Hands on what comes.
    case pass
    /// Accepts and swallows everything, both ways, and tells nobody when a side closes. A connection that was
    /// open meanwhile stays dead for ever, as after a router that lost its table.
    case blackHole
    /// Cuts every open connection with RST, and each new one as soon as it is accepted.
    case reset
    /// Hands on so many bytes a second, each way and connection.
    case drip(bytesPerSecond: Int)
    /// Nobody listens at the port. Open connections stay.
    case refuse
    /// Nobody serves: what connects waits until the mode changes, and what it sends waits in the kernel. Open
    /// connections stay.
    case hang
    /// Answers the first bytes of a new connection with nonsense. Open connections stay.
    case garbage
  }

  /// What the line carries, shared by all connections, each way by itself.
  public struct Shape: Hashable, Sendable {
    public var bitsPerSecond: Int?
    /// One way; the round trip is twice this.
    public var delay: Duration

    public init(bitsPerSecond: Int? = nil, delay: Duration = .zero) {
      self.bitsPerSecond = bitsPerSecond
      self.delay = delay
    }
  }

  /// Where it listens.
  public let port: Int
  private let lines: Mutex<ProxyLines>
  private let bell = Wakeup()
  private let thread = Mutex<OwnThread?>(nil)

  public init(to target: Int, mode: Mode = .pass, shape: Shape = Shape()) throws {
    port = Loopback.freePort()
    lines = try Mutex(ProxyLines(port: port, target: target, shape: shape))
    set(mode)
    let running = OwnThread(name: "fault-proxy") { self.run() }
    thread.withLock { $0 = running }
  }

  /// The fault begins, or ends, before this returns.
  public func set(_ mode: Mode) {
    lines.withLock { $0.change(to: mode, now: .current) }
    bell.ring()
  }

  public func set(_ shape: Shape) {
    lines.withLock { $0.change(to: shape) }
    bell.ring()
  }

  /// When each connection came. Of those that knock while the mode is ``Mode/refuse`` the system alone knows.
  public var attempts: [MonotonicInstant] { lines.withLock { $0.attempts } }

  /// Bytes handed on so far: from clients to the target, and back.
  public var carried: (up: Int, down: Int) { lines.withLock { $0.carried } }

  public var openConnections: Int { lines.withLock { $0.openConnections } }

  /// Ends the thread and closes everything; once.
  public func stop() {
    lines.withLock { $0.isStopped = true }
    bell.ring()
    let running = thread.withLock { thread in
      defer { thread = nil }
      return thread
    }
    running?.join()
  }

  private func run() {
    while true {
      guard let wishes = lines.withLock({ $0.isStopped ? nil : $0.wishes(now: .current) }) else { break }
      var entries = wishes.entries
      entries.append(pollfd(fd: bell.descriptor, events: Int16(POLLIN), revents: 0))
      let remaining = wishes.deadline.map { max(0, ($0 - .current).nanoseconds) }
      let timeout = remaining.map { Int32(clamping: ($0 + 999_999) / 1_000_000) } ?? -1
      if poll(&entries, nfds_t(entries.count), timeout) > 0, entries.last?.revents != 0 { bell.reset() }
      let ready = Set(entries.dropLast().filter { $0.revents != 0 }.map(\.fd))
      lines.withLock { $0.serve(ready, now: .current) }
    }
    lines.withLock { $0.closeAll() }
  }
}
