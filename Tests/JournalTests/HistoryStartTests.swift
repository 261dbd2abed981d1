import EnergyModel
import Foundation
import GRDB
import TestKit
import Testing

@testable import Journal

/// History when the budget changed, or the disk is full at the start.
@Suite struct HistoryStartTests {
  /// A closed journal that holds little telemetry and much history.
  private func historic(_ stand: Stand, minutes: Int) async throws {
    stand.settings.destinations = [
      .init("vpp", logs: [LogPlan(choice: ReportingChoice([.init(.average(over: .seconds(900)))]))])
    ]
    let journal = try await stand.open()
    let points = Array(Point.allCases.filter { $0.summary == .mean }.prefix(20))
    var random = SeededGenerator(state: 3)
    for _ in 0..<minutes * 3 {
      for device in 0..<8 {
        let readings = points.map { Reading($0, Double.random(in: 0...60_000, using: &random)) }
        journal.accept(Sample(device: DeviceID("device-\(device)"), measured: stand.time.now(), readings: readings))
      }
      stand.time.advance(by: .seconds(20))
      #expect(await journal.commit())
    }
    #expect(journal.counters().purgedRecords == 0)
    await journal.close()
  }

  @Test(arguments: [WhenFull.dropOldest, .thinOldest]) func aLoweredBudgetTakesFromHistoryFirst(_ whenFull: WhenFull)
    async throws
  {
    let stand = try Stand(budget: 8 << 20)
    stand.settings.whenFull = whenFull
    try await historic(stand, minutes: 400)
    let lowered = JournalSettings(
      folder: stand.settings.folder, budget: 768 << 10, destinations: stand.settings.destinations, whenFull: whenFull)
    let before = fileSize(stand.database.path)
    #expect(before > lowered.budget)
    stand.settings = lowered
    let journal = try await stand.open()
    let bytes = try await journal.bytes("minute")
    #expect(bytes <= lowered.budget * 3 / 16)
    #expect(bytes > lowered.budget / 16)
    #expect(try await journal.bytes("quarter") <= lowered.budget / 16)
    for _ in 0..<20 {
      stand.time.advance(by: .seconds(20))
      journal.accept(stand.sample())
      #expect(await journal.commit())
    }
    // Nobody has the telemetry yet.
    #expect(journal.counters().purgedRecords == 0)
    #expect(journal.counters().thinnedRecords == 0)
    #expect(try await journal.telemetry()[0].held?.first == 1)
    #expect(journal.counters().bytes <= UInt64(lowered.budget))
    #expect(try await journal.bytes("minute") <= lowered.budget * 3 / 16)
    await journal.close()
  }

  /// The file stays as small as it is while the disk is full; history, which has room in the budget, need not go for that.
  @Test func aFullDiskAtTheStartTakesNoHistory() async throws {
    let stand = try Stand()
    stand.settings.fileQuery = FaultDisk.query
    let disk = FaultDisk(folder: stand.folder.path, remembersChanges: false)
    try await historic(stand, minutes: 100)
    let rows = try JournalReader(folder: stand.folder.path).statistics()
    #expect(rows.minutes.bytes > fileSize(stand.database.path) / 16 * 3)
    disk.fail([.write], times: 1, code: ResultCode.SQLITE_FULL.rawValue)
    let journal = try await stand.open()
    #expect(disk.faults == 1 && journal.counters().fault == nil)
    #expect(try await journal.count("minute") == rows.minutes.rows)
    #expect(try await journal.count("quarter") >= rows.quarters.rows)
    await journal.close()
  }
}
