import EnergyModel
import Foundation
import TestKit
import Testing

@testable import Journal

/// What the check finds, and what it must not complain about.
@Suite struct JournalCheckTests {
  private func faults(_ stand: Stand) throws -> [String] {
    var faults: [String] = []
    var told = 0
    try JournalReader(folder: stand.folder.path).check { finding in
      told += 1
      if finding.isFault { faults.append(finding.text) }
    }
    #expect(told >= 5, "file, two logs, two kinds of history")
    return faults
  }

  private func filled(_ stand: Stand) async throws -> Journal {
    let journal = try await stand.open()
    for _ in 0..<20 { #expect(await stand.commit(5, to: journal)) }
    return journal
  }

  @Test func aJournalInOrderHasNoFaults() async throws {
    let stand = try Stand()
    let journal = try await filled(stand)
    #expect(try faults(stand).isEmpty)
    await journal.close()
    #expect(try faults(stand).isEmpty)
  }

  @Test func dropsOfTheBudgetAreAnnounced() async throws {
    let stand = try Stand(budget: JournalSettings.smallestBudget)
    let journal = try await stand.open()
    var random = SeededGenerator(state: 2)
    for _ in 0..<300 {
      for _ in 0..<400 {
        journal.accept(stand.sample(power: Double(Int.random(in: -5_000_000...5_000_000, using: &random))))
      }
      stand.time.advance(by: .seconds(4))
      #expect(await journal.commit())
    }
    #expect(journal.counters().purgedRecords > 0)
    #expect(try faults(stand).isEmpty)
    await journal.close()
  }

  /// What goes between two pages of the reader is announced by the time it reads the event log.
  @Test func aCheckWhileTheOldestIsDroppedFindsNothing() async throws {
    let stand = try Stand(budget: JournalSettings.smallestBudget)
    let journal = try await stand.open()
    let time = stand.time
    let writing = Task {
      var random = SeededGenerator(state: 2)
      while !Task.isCancelled {
        for _ in 0..<400 {
          let power = Double(Int.random(in: -5_000_000...5_000_000, using: &random))
          journal.accept(Sample(device: "meter", measured: time.now(), readings: [Reading(.power, power)]))
        }
        time.advance(by: .seconds(4))
        #expect(await journal.commit())
      }
    }
    var checks = 0
    while checks < 10 || journal.counters().purgedRecords < 4000, checks < 1000 {
      #expect(try faults(stand).isEmpty)
      checks += 1
    }
    writing.cancel()
    await writing.value
    #expect(journal.counters().purgedRecords >= 4000)
    #expect(journal.counters().bytes <= JournalSettings.smallestBudget)
    #expect(try faults(stand).isEmpty)
    await journal.close()
  }

  @Test func aHoleThatNobodyAnnouncedIsAFault() async throws {
    let stand = try Stand()
    let journal = try await filled(stand)
    try await journal.execute("DELETE FROM segment WHERE log = 2 AND first IN (11, 16, 31)")
    let log = "log telemetry \(try await journal.log(.telemetry).epoch)"
    #expect(
      try faults(stand) == [
        "\(log): seqs within 11 to 20 are missing, unannounced",
        "\(log): seqs within 31 to 35 are missing, unannounced",
      ])
    await journal.close()
  }

  @Test func aDamagedSegmentIsAFaultAndItsAnnouncementIsNot() async throws {
    let stand = try Stand()
    let journal = try await filled(stand)
    try await journal.execute("UPDATE segment SET payload = x'0102' WHERE log = 2 AND first = 31")
    #expect(try faults(stand).count == 1)
    #expect(try faults(stand).first?.contains("segment 31 to 35 cannot be read") == true)
    // The journal notices it when it reads, lets it go and says so.
    _ = try await journal.waiting(.telemetry)
    #expect(await journal.commit())
    #expect(try faults(stand).isEmpty)
    await journal.close()
  }

  @Test func whatEverybodyAcknowledgedMayBeReleasedFromTheMiddle() async throws {
    let stand = try Stand()
    stand.settings.retention = .seconds(30)
    let journal = try await filled(stand)
    try await journal.acknowledge(41, 60)
    stand.time.advance(by: .seconds(120))
    #expect(await stand.commit(1, to: journal))
    #expect(try await journal.seqs(.telemetry).contains(40))
    #expect(try await journal.count("segment WHERE log = 2 AND first BETWEEN 41 AND 60") == 0)
    #expect(try faults(stand).isEmpty)
    await journal.close()
  }

  /// A destination that chose another log reads the old one only up to there.
  @Test func whoMovedToAnotherLogMissesNothingBehindIt() async throws {
    let stand = try Stand()
    stand.settings.retention = .seconds(30)
    stand.settings.destinations = [.init("vpp"), .init("owner")]
    var journal = try await filled(stand)
    await journal.close()
    stand.settings.destinations = [.init("vpp", logs: [.tenSeconds]), .init("owner")]
    journal = try await stand.open()
    let epoch = try await journal.telemetry()[0].epoch
    for _ in 0..<10 { #expect(await stand.commit(5, to: journal)) }
    try await journal.acknowledge([SequenceRange(11, 15)], of: epoch, by: "vpp")
    try await journal.acknowledge([SequenceRange(11, 15), SequenceRange(111, 120)], of: epoch, by: "owner")
    stand.time.advance(by: .seconds(120))
    #expect(await stand.commit(1, to: journal))
    #expect(try await journal.count("segment WHERE log = 2 AND first IN (11, 111, 116)") == 0)
    #expect(try faults(stand).isEmpty)
    let statistics = try JournalReader(folder: stand.folder.path).statistics()
    let old = try #require(statistics.logs.first { $0.log.epoch == epoch })
    #expect(old.backlog == ["vpp": 95, "owner": 136])
    let waiting = try await journal.waiting(journal.telemetry()[0]).reduce(0) { $0 + $1.range.count }
    #expect(old.backlog["vpp"] == waiting)
    // Who never acknowledged anything of the event log waits for all of it.
    let events = try #require(statistics.logs.first { $0.log.kind == .events })
    #expect(events.backlog == ["vpp": events.records, "owner": events.records])

    // What it does read is missed.
    try await journal.execute("DELETE FROM segment WHERE log = 2 AND first IN (96, 101)")
    #expect(try faults(stand) == ["log telemetry \(epoch): seqs within 96 to 105 are missing, unannounced"])
    try await journal.execute("DELETE FROM segment WHERE log = 2 AND first = 91")
    try await journal.acknowledge([SequenceRange(91, 105)], of: epoch, by: "owner")
    #expect(await stand.commit(1, to: journal))
    #expect(try faults(stand) == ["log telemetry \(epoch): seqs within 91 to 100 are missing, unannounced"])
    await journal.close()
  }

  @Test func damagedHistoryAndForeignTablesAreFaults() async throws {
    let stand = try Stand()
    let journal = try await filled(stand)
    try await journal.execute("UPDATE minute SET payload = x'00'; DROP TABLE state")
    let found = try faults(stand)
    #expect(found.contains { $0.hasPrefix("history: minute") })
    #expect(found.contains { $0.contains("schema version 2") })
    await journal.close()
  }
}
