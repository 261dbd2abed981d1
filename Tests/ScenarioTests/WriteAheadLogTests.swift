import Foundation
import GRDB
import TestKit
import Testing

/// Against files that SQLite has written.
@Suite final class WriteAheadLogTests {
  private let folder: URL
  private let database: URL
  private let writer: DatabaseQueue
  /// The index after the first commit, and the log after the first and the second.
  private let index: Data
  private let first: Data
  private let second: Data

  init() throws {
    folder = try TemporaryFolder.make("log")
    let living = folder.appendingPathComponent("living")
    var configuration = Configuration()
    configuration.journalMode = .wal
    writer = try DatabaseQueue(path: living.path, configuration: configuration)
    func read(_ suffix: String) throws -> Data { try Data(contentsOf: URL(fileURLWithPath: living.path + suffix)) }
    try writer.write { try $0.execute(sql: "CREATE TABLE a(b BLOB)") }
    index = try read("-shm")
    first = try read("-wal")
    try writer.write { try $0.execute(sql: "INSERT INTO a VALUES (randomblob(20000))") }
    second = try read("-wal")
    database = folder.appendingPathComponent("left")
    try Data(contentsOf: living).write(to: database)
    try index.write(to: URL(fileURLWithPath: database.path + "-shm"))
  }

  deinit {
    try? writer.close()
    try? FileManager.default.removeItem(at: folder)
  }

  private func leave(_ log: Data) throws { try log.write(to: URL(fileURLWithPath: database.path + "-wal")) }

  private func leaveIndex(done: UInt32, attempted: UInt32) throws {
    var index = index
    withUnsafeBytes(of: done) { index.replaceSubrange(96..<100, with: $0) }
    withUnsafeBytes(of: attempted) { index.replaceSubrange(128..<132, with: $0) }
    try index.write(to: URL(fileURLWithPath: database.path + "-shm"))
  }

  @Test func aCommitIsCutBetweenItsFirstFrameAndItsLast() throws {
    let frame = 24 + 4096
    let none = WriteAheadLog()
    for size in [first.count, first.count + frame - 1, second.count] {
      try leave(second.prefix(size))
      #expect(!WriteAheadLog(of: database, behind: none).isCommitCut, "\(size)")
    }
    for size in [first.count + frame, second.count - frame, second.count - 1] {
      try leave(second.prefix(size))
      let left = WriteAheadLog(of: database, behind: none)
      #expect(left.isCommitCut, "\(size)")
      #expect(!WriteAheadLog(of: database, behind: left).isCommitCut, "counted once")
    }
  }

  @Test func aFrameWithAWrongChecksumBelongsToNothing() throws {
    var log = second.prefix(first.count + 24 + 4096)
    log[first.count + 1000] ^= 1
    try leave(log)
    #expect(!WriteAheadLog(of: database, behind: WriteAheadLog()).isCommitCut)
  }

  @Test func aLookTellsHowFarACommitIs() throws {
    try leave(first)
    #expect(WriteAheadLog.commit(database) == nil)
    try leave(second.dropLast(24 + 4096))
    #expect(WriteAheadLog.commit(database) == .begun)
    try leave(second)
    #expect(WriteAheadLog.commit(database) == .written)
  }

  @Test func aCheckpointIsCutOnceItHasWritten() throws {
    try leave(first)
    let left = WriteAheadLog(of: database, behind: WriteAheadLog())
    try leaveIndex(done: 0, attempted: 2)
    #expect(!left.isCheckpointUnderWay(database), "only recovered")
    try Data("moved".utf8).write(to: database)
    #expect(left.isCheckpointUnderWay(database))
    #expect(WriteAheadLog(of: database, behind: left).isCheckpointCut)
    try leaveIndex(done: 2, attempted: 2)
    #expect(!left.isCheckpointUnderWay(database))
  }
}
