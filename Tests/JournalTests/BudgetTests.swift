import EnergyModel
import Foundation
import TestKit
import Testing

@testable import Journal

/// Within the budget, oldest telemetry first, every drop counted and announced.
@Suite struct BudgetTests {
  /// A journal that drops at once, or thins before it does.
  private func stand(budget: Int, _ whenFull: WhenFull = .dropOldest) throws -> Stand {
    let stand = try Stand(budget: budget)
    stand.settings.whenFull = whenFull
    return stand
  }

  /// Bytes on the disk that count.
  private func used(_ stand: Stand) -> Int {
    [JournalFile.name, JournalFile.name + "-wal", "reserve"].reduce(0) {
      $0 + fileSize(stand.folder.path + "/" + $1)
    }
  }

  /// A sample that zstd cannot make small.
  private func noisy(_ stand: Stand, _ random: inout SeededGenerator) -> Sample {
    let readings = [Point.power, .reactivePower, .apparentPower, .powerL1, .powerL2, .powerL3].map {
      Reading($0, Double(Int.random(in: -5_000_000...5_000_000, using: &random)))
    }
    return Sample(device: "meter", measured: stand.time.now(), readings: readings)
  }

  private func fill(_ journal: Journal, _ stand: Stand, commits: Int, _ random: inout SeededGenerator) async {
    for _ in 0..<commits {
      for _ in 0..<40 { journal.accept(noisy(stand, &random)) }
      stand.time.advance(by: .seconds(4))
      #expect(await journal.commit())
    }
  }

  /// Seqs of telemetry that gap records announce.
  private func announced(_ journal: Journal, cause: String) async throws -> SequenceRangeSet {
    var set = SequenceRangeSet()
    for entry in try await journal.entries() where entry.contains(#""cause":"\#(cause)""#) {
      let match = try #require(try /"first":(\d+),"last":(\d+)/.firstMatch(in: entry))
      let range = SequenceRange(UInt64(match.1) ?? 0, UInt64(match.2) ?? 0)
      #expect(set.insert(range) == range.count, "announced twice")
    }
    return set
  }

  @Test func theOldestGoesCountedAndAnnounced() async throws {
    let stand = try stand(budget: 512 << 10)
    var random = SeededGenerator(state: 1)
    var journal = try await stand.open()
    for _ in 0..<6 {
      await fill(journal, stand, commits: 100, &random)
      #expect(used(stand) <= 512 << 10)
      #expect(journal.counters().bytes <= 512 << 10)
    }
    let held = try #require(try await journal.log(.telemetry).held)
    #expect(held.last == 24_000)
    #expect(held.first > 1000)
    #expect(try await journal.seqs(.telemetry) == Array(held.first...held.last))
    #expect(journal.counters().purgedRecords == held.first - 1)
    #expect(try await announced(journal, cause: "budget").ranges == [SequenceRange(1, held.first - 1)])
    // Coalesced: far fewer gap records than commits that had to make room.
    #expect(try await journal.entries().count < 250)
    #expect(journal.backlog(for: "vpp") == held.count + UInt64(try await journal.entries().count))
    await journal.close()

    journal = try await stand.open()
    #expect(journal.counters().purgedRecords == held.first - 1)
    await fill(journal, stand, commits: 50, &random)
    #expect(journal.counters().purgedRecords == (try await journal.log(.telemetry).held?.first ?? 0) - 1)
    await journal.close()
  }

  @Test func acknowledgedTelemetryGoesBeforeTheRest() async throws {
    let stand = try stand(budget: 512 << 10)
    var random = SeededGenerator(state: 2)
    let journal = try await stand.open()
    journal.post(stand.event("first"))
    await fill(journal, stand, commits: 10, &random)
    await fill(journal, stand, commits: 10, &random)
    try await journal.acknowledge(401, 800)
    var commits = 20
    while journal.counters().purgedRecords == 0 {
      await fill(journal, stand, commits: 1, &random)
      commits += 1
    }
    // A purge takes at least a fiftieth of the budget, so the 400 acknowledged ones need not be enough.
    let gone = try await announced(journal, cause: "budget")
    #expect(gone.count == journal.counters().purgedRecords)
    #expect(gone.ranges.first?.first == 401 || gone.contains(SequenceRange(401, 800)))
    #expect(try await journal.entries().first?.contains("first") == true)
    await journal.close()
  }

  @Test func theEventLogGoesLast() async throws {
    let stand = try stand(budget: 300 << 10)
    let journal = try await stand.open()
    var random = SeededGenerator(state: 3)
    await fill(journal, stand, commits: 20, &random)
    for _ in 0..<200 {
      for _ in 0..<10 {
        let noise = (0..<40).map { _ in String(UInt64.random(in: 0...UInt64.max, using: &random), radix: 36) }
        journal.post(stand.event(noise.joined()))
      }
      stand.time.advance(by: .seconds(4))
      #expect(await journal.commit())
      let events = try await journal.log(.events).held
      if events?.first ?? 1 > 1 {
        #expect(try await journal.log(.telemetry).held == nil)
        // Those that announced the telemetry went with the rest; the counter is exact all the same.
        #expect(journal.counters().purgedRecords == 800 + (events?.first ?? 1) - 1)
        await journal.close()
        return
      }
    }
    Issue.record("the event log never came to its turn")
  }

  @Test func aFullDiskIsMadeRoomOn() async throws {
    let stand = try stand(budget: 4 << 20)
    var random = SeededGenerator(state: 4)
    let journal = try await stand.open()
    await fill(journal, stand, commits: 60, &random)
    let pages = try #require(try await journal.pragma("page_count"))
    // From now on the file cannot grow, as if others had filled the disk.
    try await journal.execute("PRAGMA max_page_count = \(pages)")
    await fill(journal, stand, commits: 60, &random)
    let held = try #require(try await journal.log(.telemetry).held)
    #expect(held.last == 4800)
    #expect(held.first > 1)
    #expect(journal.counters().fault == nil)
    #expect(journal.counters().purgedRecords == held.first - 1)
    #expect(try await announced(journal, cause: "disk-full").ranges == [SequenceRange(1, held.first - 1)])
    #expect(try await journal.seqs(.telemetry) == Array(held.first...held.last))
    // The reserve is whole again.
    #expect(fileSize(stand.folder.path + "/reserve") == stand.settings.reserve)
    await journal.close()
  }

  @Test func theReserveIsPartOfTheBudget() async throws {
    let stand = try Stand(budget: 1 << 20)
    let journal = try await stand.open()
    #expect(fileSize(stand.folder.path + "/reserve") == 128 << 10)
    #expect(journal.counters().bytes == UInt64(used(stand)))
    #expect(journal.counters().budget == 1 << 20)
    await journal.close()
  }

  /// The file follows a lowered budget, a little with each commit.
  @Test(arguments: [WhenFull.dropOldest, .thinOldest]) func aLoweredBudgetShrinksTheFile(_ whenFull: WhenFull)
    async throws
  {
    let stand = try stand(budget: 4 << 20, whenFull)
    var random = SeededGenerator(state: 6)
    var journal = try await stand.open()
    await fill(journal, stand, commits: 1500, &random)
    #expect(used(stand) > 2 << 20)
    await journal.close()

    let lowered = JournalSettings(
      folder: stand.settings.folder, budget: 1 << 20, destinations: stand.settings.destinations, whenFull: whenFull)
    stand.settings = lowered
    journal = try await stand.open()
    // Not everything at once: that would take long.
    #expect(try await journal.log(.telemetry).held?.first ?? .max < 10_000)
    await fill(journal, stand, commits: 200, &random)
    #expect(used(stand) <= 1 << 20)
    let held = try #require(try await journal.log(.telemetry).held)
    #expect(held.last == 68_000)
    #expect(journal.counters().purgedRecords == held.first - 1)
    #expect(try await journal.pragma("integrity_check") == "ok")
    #expect(try await journal.pragma("temp_store") == "2")
    await journal.close()
  }
}
