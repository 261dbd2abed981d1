import Foundation
import GRDB
import TestKit
import Testing

/// The tests' own disk does what it says.
@Suite struct FaultDiskTests {
  private struct Place {
    let folder: URL
    let image: URL
    let disk: FaultDisk
    let queue: DatabaseQueue

    init(_ synchronous: String, seed: UInt64 = 3) throws {
      folder = try TemporaryFolder.make("fault-disk")
      image = try TemporaryFolder.make("fault-image")
      disk = FaultDisk(folder: folder.path, seed: seed)
      queue = try DatabaseQueue(path: "file:\(folder.path)/test.sqlite?\(FaultDisk.query)")
      try queue.writeWithoutTransaction { db in
        try db.execute(sql: "PRAGMA journal_mode = WAL; CREATE TABLE t(n); PRAGMA synchronous = \(synchronous)")
      }
    }

    func insert(_ rows: Int) throws {
      for row in 1...rows { try queue.write { try $0.execute(sql: "INSERT INTO t VALUES (?)", arguments: [row]) } }
    }

    /// Rows that are there after a power cut now.
    func rowsAfterCut() throws -> Int {
      disk.cutPower(image: image.path)
      let image = try DatabaseQueue(path: image.path + "/test.sqlite")
      defer { try? image.close() }
      return try image.read { db in
        #expect(try String.fetchOne(db, sql: "PRAGMA integrity_check") == "ok")
        return try Int.fetchOne(db, sql: "SELECT count(*) FROM t") ?? 0
      }
    }

    func end() throws {
      try queue.close()
      for folder in [folder, image] { try FileManager.default.removeItem(at: folder) }
    }
  }

  @Test func itCountsByFile() throws {
    let place = try Place("FULL")
    place.disk.resetCounters()
    try place.insert(10)
    #expect(place.disk.count(.sync, .log) == 10)
    #expect(place.disk.count(.sync) == 10)
    #expect(place.disk.count(.write, .log) == 20)
    #expect(place.disk.bytes(.log) == 10 * (4096 + 24))
    #expect(place.disk.bytes(.database) == 0)
    try place.queue.writeWithoutTransaction { _ = try $0.checkpoint(.passive) }
    #expect(place.disk.bytes(.database) > 0 && place.disk.count(.sync, .database) == 1)
    try place.end()
  }

  @Test func whatWasSyncedIsThereAfterACutAndTheRestMayNotBe() throws {
    let full = try Place("FULL")
    try full.insert(20)
    #expect(try full.rowsAfterCut() == 20)
    #expect(throws: DatabaseError.self) { try full.insert(1) }
    try full.end()
    var least = 20
    for seed in 1...8 {
      let off = try Place("OFF", seed: UInt64(seed))
      try off.insert(20)
      least = min(least, try off.rowsAfterCut())
      try off.end()
    }
    #expect(least < 20)
  }

  @Test func itFailsAsTold() throws {
    let place = try Place("FULL")
    place.disk.fail([.sync], after: 1, times: 2)
    try place.insert(1)
    for _ in 0..<2 {
      #expect { try place.insert(1) } throws: { ($0 as? DatabaseError)?.extendedResultCode == .SQLITE_IOERR_FSYNC }
    }
    try place.insert(1)
    place.disk.fail([.write], code: ResultCode.SQLITE_FULL.rawValue)
    for _ in 0..<3 { #expect { try place.insert(1) } throws: { ($0 as? DatabaseError)?.resultCode == .SQLITE_FULL } }
    place.disk.heal()
    try place.insert(1)
    #expect(place.disk.faults == 5)
    // What a failed sync gave up for lost was written again.
    #expect(try place.rowsAfterCut() == 3)
    try place.end()
  }

  /// Plain files that nobody syncs are of some moment, or not there.
  @Test func aWatchedFileIsOfSomeMoment() throws {
    var seen: Set<String?> = []
    for seed in 1...24 {
      let place = try Place("FULL", seed: UInt64(seed))
      place.disk.watch("mark")
      for text in ["1", "2", "3"] {
        try Data(text.utf8).write(to: place.folder.appendingPathComponent("mark"))
        try place.insert(1)
      }
      _ = try place.rowsAfterCut()
      seen.insert(try? String(contentsOf: place.image.appendingPathComponent("mark"), encoding: .utf8))
      try place.end()
    }
    #expect(seen.isSubset(of: [nil, "", "1", "2", "3"]) && seen.count > 2)
  }
}
