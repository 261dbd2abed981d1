import EnergyModel
import Foundation
import GRDB
import TestKit
import Testing

@testable import Journal

/// What SQLite refuses may be a mistake of ours, and no reason to give a sound file away.
@Suite struct RefusedStatementTests {
  @Test(arguments: ["SELECT RAISE(ABORT, 'no')", "DELETE FROM nowhere"])
  func aSoundFileIsKeptWhateverACommitMeets(_ refusal: String) async throws {
    let stand = try Stand()
    let journal = try await stand.open()
    #expect(await stand.commit(4, to: journal))
    let epoch = try await journal.log(.telemetry).epoch
    try await journal.execute("CREATE TRIGGER refuse BEFORE INSERT ON segment BEGIN \(refusal); END")
    #expect(await stand.commit(3, to: journal) == false)
    #expect(await journal.commit() == false)
    #expect(journal.counters().fault != nil)
    #expect(!FileManager.default.fileExists(atPath: stand.database.path + ".damaged-1"))
    try await journal.execute("DROP TRIGGER refuse")
    #expect(await journal.commit())
    #expect(journal.counters().fault == nil)
    #expect(try await journal.log(.telemetry).epoch == epoch)
    #expect(try await journal.seqs(.telemetry) == Array(1...7))
    await journal.close()
  }

  @Test(arguments: ["SELECT RAISE(ABORT, 'no')", "DELETE FROM nowhere"])
  func aSoundFileIsKeptWhateverAStartMeets(_ refusal: String) async throws {
    let stand = try Stand()
    let stopped = try await stand.open()
    #expect(await stand.commit(4, to: stopped))
    let epoch = try await stopped.log(.telemetry).epoch
    await stopped.close()
    let database = stand.database.path
    func change(_ sql: String) async throws {
      let queue = try DatabaseQueue(path: database)
      try await queue.write { try $0.execute(sql: sql) }
      try queue.close()
    }
    try await change("CREATE TRIGGER refuse BEFORE INSERT ON boot BEGIN \(refusal); END")
    let journal = try await stand.open()
    #expect(journal.counters().fault != nil && journal.boot == 0)
    #expect(await stand.commit(3, to: journal) == false)
    #expect(JournalFile.copies(folder: stand.folder.path).isEmpty)
    try await change("DROP TRIGGER refuse")
    #expect(await journal.commit())
    #expect(try await journal.log(.telemetry).epoch == epoch)
    #expect(try await journal.seqs(.telemetry) == Array(1...7))
    await journal.close()
  }
}
