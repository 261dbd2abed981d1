import Foundation

/// What the files beside a SQLite database say of the moment its process died, or stands still in. After SQLite's
/// file format, section 4, and, for the index, `wal.c` of 3.40.
struct WriteAheadLog: Sendable {
  /// The index in shared memory, in the byte order of the machine.
  struct Index {
    /// `mxFrame`: up to the end of the last commit.
    var frames: UInt32
    /// `nBackfill`: frames that have been moved into the database.
    var done: UInt32
    /// `nBackfillAttempted`: frames that were to be moved. A recovery sets it to all there are.
    var attempted: UInt32

    /// Nil without an index.
    init?(_ database: URL) {
      let file = open(database.path + "-shm", O_RDONLY | O_CLOEXEC)
      guard file >= 0 else { return nil }
      defer { close(file) }
      // Two headers of 48 bytes, then nBackfill, five marks and eight bytes of locks, then nBackfillAttempted.
      var words = [UInt32](repeating: 0, count: 33)
      guard pread(file, &words, 132, 0) == 132 else { return nil }
      frames = words[4]
      done = words[24]
      attempted = words[32]
    }
  }

  /// Size and time of change of a file.
  struct Stamp: Hashable, Sendable {
    private var size = 0
    private var seconds = 0
    private var nanoseconds = 0

    init() {}

    /// - Parameter descriptor: of the open file.
    init(_ descriptor: Int32) {
      var status = stat()
      guard fstat(descriptor, &status) == 0 else { return }
      size = status.st_size
      seconds = status.st_mtim.tv_sec
      nanoseconds = status.st_mtim.tv_nsec
    }

    init(_ path: String) {
      let descriptor = open(path, O_RDONLY | O_CLOEXEC)
      defer { close(descriptor) }
      self.init(descriptor)
    }
  }

  /// The end of a log.
  private struct Tail: Hashable, Sendable {
    var salt: UInt64 = 0
    /// Frames up to the end of the last commit.
    var committed = 0
    /// Frames that belong to the log, with those behind the last commit.
    var frames = 0
  }

  /// Frames behind the last commit that belong to it no less: a commit was being written. What the death before left
  /// is not counted again.
  private(set) var isCommitCut = false
  /// Pages were being moved into the database.
  private(set) var isCheckpointCut = false
  private var tail = Tail()
  private var database = Stamp()

  /// Of a journal that is not there yet.
  init() {}

  /// - Parameter left: what the death before left.
  init(of database: URL, behind left: WriteAheadLog) {
    if let log = try? Data(contentsOf: URL(fileURLWithPath: database.path + "-wal")) {
      tail = log.withUnsafeBytes(Self.walk)
    }
    isCommitCut = tail.frames > tail.committed && tail != left.tail
    isCheckpointCut = left.isCheckpointUnderWay(database)
    self.database = Stamp(database.path)
  }

  /// Whether a living process is moving pages into the database, of which this is what the death before left. The
  /// recovery at its start leaves the same numbers in the index, but writes nothing yet.
  func isCheckpointUnderWay(_ database: URL) -> Bool {
    guard let index = Index(database) else { return false }
    return index.attempted > index.done && Stamp(database.path) != self.database
  }

  /// How far a process that stands still is with a commit.
  enum Commit { case begun, written }

  /// The commit behind the frames that the index knows: begun, or written with the frame that completes it and perhaps
  /// not yet synced. Quick: without checksums, and of a log that was written since the start.
  static func commit(_ database: URL) -> Commit? {
    guard let index = Index(database) else { return nil }
    let file = open(database.path + "-wal", O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { return nil }
    defer { close(file) }
    var header = [UInt32](repeating: 0, count: headerSize / 4)
    guard pread(file, &header, headerSize, 0) == headerSize else { return nil }
    let frameSize = frameHeaderSize + Int(UInt32(bigEndian: header[2]))
    var offset = headerSize + Int(index.frames) * frameSize
    var commit: Commit?
    while true {
      // Page, pages of the database after a commit or 0, salts.
      var frame = [UInt32](repeating: 0, count: 4)
      guard pread(file, &frame, 16, off_t(offset)) == 16, frame[2...] == header[4..<6] else { return commit }
      guard frame[1] == 0 else { return .written }
      commit = .begun
      offset += frameSize
    }
  }

  private static let headerSize = 32
  private static let frameHeaderSize = 24

  /// Walks the frames as a recovery does, as long as salts and the running checksum agree.
  private static func walk(_ log: UnsafeRawBufferPointer) -> Tail {
    guard log.count > headerSize else { return Tail() }
    func word(_ offset: Int) -> UInt32 { UInt32(bigEndian: log.loadUnaligned(fromByteOffset: offset, as: UInt32.self)) }
    let isBigEndian = word(0) & 1 == 1
    let pageSize = Int(word(8))
    guard word(0) & ~1 == 0x377F_0682, pageSize >= 512 else { return Tail() }
    var tail = Tail(salt: UInt64(word(16)) << 32 | UInt64(word(20)))
    var sum = (word(24), word(28))
    var offset = headerSize
    while offset + frameHeaderSize + pageSize <= log.count {
      guard word(offset + 8) == word(16), word(offset + 12) == word(20) else { break }
      add(log, offset, 8, isBigEndian, to: &sum)
      add(log, offset + frameHeaderSize, pageSize, isBigEndian, to: &sum)
      guard word(offset + 16) == sum.0, word(offset + 20) == sum.1 else { break }
      tail.frames += 1
      if word(offset + 4) != 0 { tail.committed = tail.frames }
      offset += frameHeaderSize + pageSize
    }
    return tail
  }

  private static func add(
    _ log: UnsafeRawBufferPointer, _ start: Int, _ count: Int, _ isBigEndian: Bool, to sum: inout (UInt32, UInt32)
  ) {
    var (a, b) = sum
    var offset = start
    while offset < start + count {
      let first = log.loadUnaligned(fromByteOffset: offset, as: UInt32.self)
      let second = log.loadUnaligned(fromByteOffset: offset + 4, as: UInt32.self)
      a = a &+ (isBigEndian ? first.bigEndian : first) &+ b
      b = b &+ (isBigEndian ? second.bigEndian : second) &+ a
      offset += 8
    }
    sum = (a, b)
  }
}
