public import EnergyModel
import Foundation
import GRDB
import Glibc

/// Reads a journal from another process, while the agent writes it and while it does not run.
///
/// Every call is one short read transaction over a page of rows, because the write-ahead log grows behind a
/// reader; what a call returns holds nothing open. One that takes too long is given up, see ``ShortReads``. Nothing is
/// ever written. Calls block: this is for a command line, not for the agent.
public final class JournalReader: Sendable {
  /// Why there is nothing to read.
  public enum Failure: Error, Hashable, Sendable, CustomStringConvertible {
    case missing(path: String)
    case refused(path: String, reason: String)
    case notAJournal(path: String, reason: String)
    /// The file was written by another version.
    case otherSchema(path: String, found: Int)
    /// A read took longer than the agent, which writes meanwhile, can be made to wait.
    case tooLong(seconds: Double)

    public var description: String {
      switch self {
      case .missing(let path): "\(path): there is no journal"
      case .refused(let path, let reason): "\(path): cannot be read: \(reason)"
      case .notAJournal(let path, let reason): "\(path): is damaged or no journal: \(reason)"
      case .otherSchema(let path, let found) where found > Schema.version:
        "\(path): has schema version \(found); this version reads \(Schema.version): a newer holdfast wrote it"
      case .otherSchema(let path, let found):
        "\(path): has schema version \(found); this version reads \(Schema.version): the agent brings it up to date "
          + "when it starts"
      case .tooLong(let seconds):
        "a read was given up after \(Int(seconds.rounded())) s, because the agent writes meanwhile and its write-ahead log "
          + "grows; try again, or stop the agent first"
      }
    }
  }

  public let folder: String
  let queue: ShortReads

  /// Opens the journal of a state folder.
  public init(folder: String) throws(Failure) {
    self.folder = folder
    let path = folder + "/" + JournalFile.name
    guard fileExists(path) else {
      throw errno == ENOENT ? .missing(path: path) : .refused(path: path, reason: String(cString: strerror(errno)))
    }
    guard access(path, R_OK) == 0 else { throw .refused(path: path, reason: String(cString: strerror(errno))) }
    let version: Int
    do {
      (queue, version) = try Self.open(path)
    } catch let error as DatabaseError where error.meansDamage {
      throw .notAJournal(path: path, reason: error.message ?? "result code \(error.extendedResultCode)")
    } catch {
      throw .refused(path: path, reason: "\(error)")
    }
    guard version == Schema.version else { throw .otherSchema(path: path, found: version) }
  }

  private static func open(_ path: String) throws -> (ShortReads, version: Int) {
    do {
      return try connect(path)
    } catch let error as DatabaseError
      where [.SQLITE_CANTOPEN, .SQLITE_READONLY].contains(error.resultCode) && fileSize(path + "-wal") == 0
    {
      // The folder is not ours to make the shared memory of the write-ahead log in; but without a log nobody
      // writes, and the file may be read as it stands.
      let name = path.addingPercentEncoding(withAllowedCharacters: .urlPathAllowed) ?? path
      return try connect("file:\(name)?immutable=1")
    }
  }

  private static func connect(_ path: String) throws -> (ShortReads, version: Int) {
    var configuration = Configuration()
    configuration.readonly = true
    // The agent holds the file for itself only for moments, while it starts.
    configuration.busyMode = .timeout(2)
    configuration.label = "journal-reader"
    let queue = try ShortReads(path: path, configuration: configuration)
    return (queue, try queue.read { try Int.fetchOne($0, sql: "PRAGMA user_version") ?? 0 })
  }

  /// What the agent keeps over a restart under a key; nil where it has not kept anything yet.
  public func state(_ key: String) throws -> [UInt8]? {
    try queue.read { db in
      try Row.fetchOne(db, sql: "SELECT value FROM state WHERE key = ?", arguments: [key]).map { try $0.bytes("value") }
    }
  }

  // MARK: Logs and their segments

  /// A log as the file has it.
  public struct Log: Hashable, Sendable {
    let id: Int64
    public let epoch: Epoch
    public let name: String
    public let kind: LogState.Kind
    /// What it records, see ``ReportingChoice/description``.
    public let choice: String
    /// Gets no more records.
    public let isRetired: Bool
    /// The seq that the next record gets.
    public let next: UInt64
    /// From the oldest to the newest record still held.
    public let held: SequenceRange?
  }

  /// Every log, in the order in which they were made.
  public func logs() throws -> [Log] {
    try queue.read { db in
      let sql = "SELECT id, epoch, name, kind, choice, retired, next FROM log ORDER BY id"
      return try Row.fetchAll(db, sql: sql).map { row in
        let id = try row.integer("id")
        return Log(
          id: id, epoch: Epoch(number: UInt64(bitPattern: try row.integer("epoch"))), name: try row.text("name"),
          kind: try row.integer("kind") == 0 ? .telemetry : .events, choice: try row.text("choice"),
          isRetired: try row.integer("retired") != 0, next: try row.number("next"),
          held: try SegmentTable(db: db).held(id))
      }
    }
  }

  /// A segment as it is stored.
  public struct StoredSegment: Sendable {
    public let log: Log
    public let range: SequenceRange
    public let firstTime: Timestamp
    public let lastTime: Timestamp
    /// Of the payload.
    public var bytes: Int { payload.count }
    let format: Int64
    let payload: [UInt8]
    let shapes: ShapeTable

    /// Its records. Throws what is wrong with a damaged one.
    public func decoded() throws -> Segment {
      guard let format = SegmentFormat(rawValue: format) else { throw SegmentDamage.unknownFormat(format) }
      let records = try Payload(format: format, bytes: payload).records(in: range, shapes: shapes)
      return Segment(
        epoch: log.epoch, log: log.name, range: range, firstTime: firstTime, lastTime: lastTime, records: records,
        isThinned: format.isThinned)
    }
  }

  public struct SegmentPage: Sendable {
    public var segments: [StoredSegment] = []
    /// Where the next page begins; nil after the last.
    public var next: UInt64?
  }

  /// Segments of a log in the order of their seqs, beginning with the one that holds `seq`; at most `limit`, and
  /// perhaps fewer although more follow.
  /// - Parameters:
  ///   - since: leaves out segments whose records are all older.
  ///   - until: leaves out segments whose records are all newer.
  public func segments(
    of log: Log, from seq: UInt64 = 1, since: Timestamp? = nil, until: Timestamp? = nil, limit: Int = 64
  ) throws -> SegmentPage {
    let most = 8 * limit
    return try queue.read { db in
      let table = SegmentTable(db: db)
      let keys = try table.keys(log.id, overlapping: SequenceRange(seq, UInt64(Int64.max)), limit: most)
      let shapes = try ShapeTable(db)
      var page = SegmentPage(next: keys.count == most ? keys.last.map { $0.range.last + 1 } : nil)
      for key in keys where key.lastTime >= since ?? key.lastTime {
        guard page.segments.count < limit else {
          page.next = key.range.first
          break
        }
        let segment = try stored(key, log, shapes, db)
        if segment.firstTime <= until ?? segment.firstTime { page.segments.append(segment) }
      }
      return page
    }
  }

  private func stored(
    _ key: SegmentTable.Key, _ log: Log, _ shapes: ShapeTable, _ db: Database
  ) throws -> StoredSegment {
    let row = try Row.fetchOne(
      db.cachedStatement(sql: "SELECT first_time, format, payload FROM segment WHERE id = ?"), arguments: [key.id])
    guard let row else { throw JournalError.damaged("the index names a segment that is not there") }
    return StoredSegment(
      log: log, range: key.range, firstTime: Timestamp(milliseconds: try row.integer("first_time")),
      lastTime: key.lastTime, format: try row.integer("format"), payload: try row.bytes("payload"), shapes: shapes)
  }
}

extension ShapeTable {
  /// As the database has it.
  init(_ db: Database) throws {
    for row in try Row.fetchAll(db, sql: "SELECT number, device, points FROM shape") {
      adopt(Int(try row.number("number")), device: try row.text("device"), points: try row.text("points"))
    }
  }
}
