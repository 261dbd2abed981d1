import Glibc
public import Logging
import Synchronization
import Threads

/// Writes log lines on a thread of its own, so that a full pipe or a stuck journald holds up nobody.
/// What does not fit into the queue is counted, and told once there is room again.
public final class QueuedLog: Sendable {
  private let lines: Mailbox<String>
  private let wakeup = Wakeup()
  private let descriptor: Int32
  private let reported = Mutex<UInt64>(0)
  private let isBusy = Mutex(false)

  /// - Parameters:
  ///   - descriptor: where lines go; standard error by default.
  ///   - capacity: lines that may wait.
  public init(descriptor: Int32 = 2, capacity: Int = 1000) {
    self.descriptor = descriptor
    lines = Mailbox(capacity: capacity)
    _ = OwnThread(name: "hf-log") { [self] in
      while true {
        wakeup.wait(until: nil)
        writeAll()
      }
    }
  }

  public var dropped: UInt64 { lines.dropped }

  public func put(_ line: String) {
    lines.put(line)
    wakeup.ring()
  }

  /// Waits, at most for `milliseconds`, until what was put is written; for the end of the process.
  public func flush(milliseconds: Int = 500) {
    for _ in 0..<milliseconds where lines.count > 0 || isBusy.withLock({ $0 }) { usleep(1000) }
  }

  private func writeAll() {
    isBusy.withLock { $0 = true }
    defer { isBusy.withLock { $0 = false } }
    for line in lines.takeAll() { write(line: line) }
    let lost = reported.withLock { reported in
      defer { reported = lines.dropped }
      return lines.dropped - reported
    }
    if lost > 0 { write(line: "warning: the log was held up and lost \(lost) lines\n") }
  }

  private func write(line: String) {
    var bytes = Array(line.utf8)[...]
    while !bytes.isEmpty {
      let count = bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
      if count < 0 && errno != EINTR { return }
      if count > 0 { bytes = bytes.dropFirst(count) }
    }
  }
}

/// A swift-log handler over a ``QueuedLog``. Under systemd a line begins with its syslog priority in angle
/// brackets and carries no time: journald adds it.
public struct QueuedLogHandler: LogHandler {
  public var metadata: Logger.Metadata = [:]
  public var logLevel: Logger.Level
  private let label: String
  private let log: QueuedLog
  private let isForJournald: Bool

  public init(label: String, log: QueuedLog, level: Logger.Level, isForJournald: Bool) {
    self.label = label
    self.log = log
    self.logLevel = level
    self.isForJournald = isForJournald
  }

  public subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  public func log(event: LogEvent) {
    let merged = metadata.merging(event.metadata ?? [:]) { _, new in new }
    let extra = merged.sorted { $0.key < $1.key }.map { " \($0.key)=\($0.value)" }.joined()
    let prefix = isForJournald ? priority(event.level) : "\(event.level): "
    log.put("\(prefix)\(event.message)\(extra)\n")
  }

  /// sd-daemon(3): the syslog levels 3 error, 4 warning, 5 notice, 6 info, 7 debug. Nothing above
  /// error is used, because journald syncs at once for it.
  private func priority(_ level: Logger.Level) -> String {
    switch level {
    case .trace, .debug: "<7>"
    case .info: "<6>"
    case .notice: "<5>"
    case .warning: "<4>"
    case .error, .critical: "<3>"
    }
  }
}
