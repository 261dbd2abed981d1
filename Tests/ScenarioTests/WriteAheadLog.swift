import Foundation

/// What the files beside a SQLite database say of the moment its process died. After SQLite's file format,
/// section 4, and, for the index, `wal.c` of 3.40.
struct WriteAheadLog: Sendable {
  /// How far pages have been moved into the database, as the index tells it.
  struct Checkpoint: Sendable {
    /// `nBackfill`: frames that have been moved.
    var done: UInt32
    /// `nBackfillAttempted`: frames that were to be moved. A recovery sets it to all there are.
    var attempted: UInt32

    /// Nil without an index.
    init?(_ database: URL) {
      let file = open(database.path + "-shm", O_RDONLY | O_CLOEXEC)
      guard file >= 0 else { return nil }
      defer { close(file) }
      // In the byte order of the machine: two headers of 48 bytes, then nBackfill, five marks and eight
      // bytes of locks, then nBackfillAttempted.
      var words = [UInt32](repeating: 0, count: 9)
      guard pread(file, &words, 36, 96) == 36 else { return nil }
      done = words[0]
      attempted = words[8]
    }

    /// Pages are being moved, and it is neither what the death before left nor what the recovery after it set.
    func isUnderWay(behind left: WriteAheadLog) -> Bool {
      attempted > done && attempted != left.frames && attempted != left.attempted
    }
  }

  /// Frames behind the last commit that belong to it no less: a commit was being written.
  private(set) var isCommitCut = false
  /// Pages were being moved into the database.
  private(set) var isCheckpointCut = false
  /// Up to the end of the last commit.
  private(set) var frames: UInt32 = 0
  private var attempted: UInt32 = 0

  /// Of a journal that is not there yet.
  init() {}

  /// - Parameter left: what the death before left.
  init(of database: URL, behind left: WriteAheadLog) {
    if let log = try? Data(contentsOf: URL(fileURLWithPath: database.path + "-wal")) {
      (frames, isCommitCut) = log.withUnsafeBytes(Self.walk)
    }
    if let checkpoint = Checkpoint(database) {
      isCheckpointCut = checkpoint.isUnderWay(behind: left)
      attempted = checkpoint.attempted
    }
  }

  private static let headerSize = 32
  private static let frameHeaderSize = 24

  /// Walks the frames as a recovery does, as long as salts and the running checksum agree: how many there are up
  /// to the end of the last commit, and whether more follow.
  private static func walk(_ log: UnsafeRawBufferPointer) -> (UInt32, Bool) {
    guard log.count > headerSize else { return (0, false) }
    func word(_ offset: Int) -> UInt32 { UInt32(bigEndian: log.loadUnaligned(fromByteOffset: offset, as: UInt32.self)) }
    let isBigEndian = word(0) & 1 == 1
    let pageSize = Int(word(8))
    guard word(0) & ~1 == 0x377F_0682, pageSize >= 512 else { return (0, false) }
    var sum = (word(24), word(28))
    var offset = headerSize
    var (frames, committed) = (UInt32(0), UInt32(0))
    while offset + frameHeaderSize + pageSize <= log.count {
      guard word(offset + 8) == word(16), word(offset + 12) == word(20) else { break }
      add(log, offset, 8, isBigEndian, to: &sum)
      add(log, offset + frameHeaderSize, pageSize, isBigEndian, to: &sum)
      guard word(offset + 16) == sum.0, word(offset + 20) == sum.1 else { break }
      frames += 1
      if word(offset + 4) != 0 { committed = frames }
      offset += frameHeaderSize + pageSize
    }
    return (committed, frames > committed)
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
