import CSQLite
import EnergyModel
import GRDB
import Synchronization
import Threads

/// A connection that reads, and does not hold up the process that writes: a transaction that has lasted for its patience
/// is given up as soon as the write-ahead log has grown behind it. Where nobody writes it takes as long as it takes.
///
/// Judged while SQLite works. A process that is stopped in the middle of a read gives it up when it goes on.
final class ShortReads: Sendable {
  /// How long a read may take while somebody writes.
  static let patience: Duration = .seconds(5)

  private let queue: DatabaseQueue
  private let watch: Watch

  init(path: String, configuration: Configuration) throws {
    let watch = Watch(log: path + "-wal")
    self.watch = watch
    var configuration = configuration
    configuration.prepareDatabase { db in
      sqlite3_progress_handler(
        db.sqliteConnection, 1000, { Unmanaged<Watch>.fromOpaque($0!).takeUnretainedValue().isOver ? 1 : 0 },
        Unmanaged.passUnretained(watch).toOpaque())
    }
    queue = try DatabaseQueue(path: path, configuration: configuration)
  }

  /// One transaction. Throws ``JournalReader/Failure/tooLong(seconds:)`` where it was given up.
  func read<T>(patience: Duration = patience, _ body: (Database) throws -> T) throws -> T {
    do {
      return try queue.read { db in
        watch.begin(patience)
        defer { watch.end() }
        return try body(db)
      }
    } catch let error as DatabaseError where error.resultCode == .SQLITE_INTERRUPT {
      throw JournalReader.Failure.tooLong(seconds: patience.seconds)
    }
  }

  private final class Watch: Sendable {
    private let log: String
    private let state = Mutex((ends: MonotonicInstant(nanoseconds: .max), logBytes: 0))

    init(log: String) { self.log = log }

    func begin(_ patience: Duration) { state.withLock { $0 = (.current + patience, fileSize(log)) } }

    func end() { state.withLock { $0.ends = MonotonicInstant(nanoseconds: .max) } }

    var isOver: Bool { state.withLock { $0.ends <= .current && fileSize(log) > $0.logBytes } }
  }
}
