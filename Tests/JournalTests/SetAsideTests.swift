import EnergyModel
import Foundation
import TestKit
import Testing

@testable import Journal

/// A file that was set aside is told, whatever becomes of the process that did it.
@Suite struct SetAsideTests {
  /// The process dies between setting the file aside and the first commit of the new one, again and again.
  @Test(arguments: [false, true], 1...3) func theAlarmOutlivesTheProcess(_ hasMark: Bool, _ deaths: Int) async throws {
    let stand = try Stand()
    var journal = try await stand.open()
    for _ in 0..<30 { #expect(await stand.commit(40, to: journal)) }
    await journal.close()
    try Data((0..<50_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }).write(to: stand.database)
    if !hasMark { try FileManager.default.removeItem(at: stand.folder.appendingPathComponent(HighWaterMark.name)) }
    stand.settings.fileQuery = FaultDisk.query
    for death in 0..<deaths {
      let disk = FaultDisk(folder: stand.folder.path)
      // A few more get through each time.
      disk.fail([.write], after: death * 3)
      journal = try await stand.open()
      #expect(journal.counters().fault != nil)
      await journal.close()
      #expect(FileManager.default.fileExists(atPath: stand.database.path + ".damaged-1"))
    }
    stand.settings.fileQuery = nil
    func told(_ journal: Journal) async throws -> Int {
      let alarm = #""name":"journal-damaged","severity":"alarm""#
      return try await journal.entries().count { $0.contains(alarm) && $0.contains("journal.sqlite.damaged-1") }
    }
    for _ in 0..<2 {
      journal = try await stand.open()
      #expect(try await told(journal) == 1)
      await journal.close()
    }
  }
}
