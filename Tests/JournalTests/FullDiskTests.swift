import EnergyModel
import Foundation
import GRDB
import TestKit
import Testing

@testable import Journal

private let isInFullNumbers = ProcessInfo.processInfo.environment["HOLDFAST_CHAOS"] != nil

/// A volume that is really full, for an hour of the journal's clock. `HOLDFAST_CHAOS=1` takes more devices and
/// commits as often as a box does. Needs the right to mount; without it the short version is skipped.
@Suite(.serialized, .enabled(if: SmallVolume.isPermitted || isInFullNumbers, "mounting a tmpfs takes root"))
struct FullDiskTests {
  private static let isLong = isInFullNumbers

  /// A journal on the volume, and everything that was handed to it.
  private final class Site {
    let stand: Stand
    let volume: SmallVolume
    let journal: Journal
    let time: WatchedTime
    let devices: Int
    let budget: Int
    var random = SeededGenerator(state: 8)
    var accepted: UInt64 = 0
    var failures = 0
    /// The most bytes in the folder, as a share of the budget.
    var mostUsed = 0.0

    init(
      budget: Int, devices: Int, capacity: Int = 20_000, reserve: Int? = nil, _ whenFull: WhenFull = .thinOldest,
      on volume: SmallVolume
    ) async throws {
      self.volume = volume
      self.devices = devices
      self.budget = budget
      stand = try Stand(capacity: capacity)
      stand.settings = JournalSettings(
        folder: volume.path + "/journal", budget: budget, reserve: reserve, mailboxCapacity: capacity,
        destinations: [.init("vpp")],
        whenFull: whenFull)
      time = WatchedTime(stand.time)
      journal = try await Journal.open(stand.settings, time: time, seed: 7)
    }

    /// The next start, with all that is known of the earlier ones.
    init(again site: Site) async throws {
      (volume, devices, budget, stand, time) = (site.volume, site.devices, site.budget, site.stand, site.time)
      (random, accepted, mostUsed) = (site.random, site.accepted, site.mostUsed)
      journal = try await Journal.open(stand.settings, time: time, seed: 7)
    }

    /// Four seconds: samples every second, and a commit.
    @discardableResult
    func step() async -> Bool {
      for _ in 0..<4 {
        stand.time.advance(by: .seconds(1))
        measure()
      }
      let isCommitted = await journal.commit()
      if !isCommitted { failures += 1 }
      look()
      return isCommitted
    }

    /// One second of a journal that runs by itself.
    func second() async throws {
      measure()
      try await time.advance(by: .seconds(1), journal)
      look()
    }

    /// A sample of each device.
    private func measure() {
      for device in 0..<devices {
        let readings = [Point.power, .reactivePower, .apparentPower, .powerL1, .powerL2].map {
          Reading($0, Double(Int.random(in: -50_000...50_000, using: &random)))
        }
        journal.accept(
          Sample(
            device: DeviceID("d\(device)"), measured: stand.time.now(),
            readings: readings + [Reading(.energyImport, Double(accepted))]))
        accepted += 1
      }
    }

    private func look() { mostUsed = max(mostUsed, Double(volume.bytes(in: "journal")) / Double(budget)) }

    /// Records of telemetry that were ever committed.
    var committed: UInt64 { get async throws { try await journal.log(.telemetry).held?.last ?? 0 } }
  }

  /// What is gone is what the counters say, and what the gap records say.
  private func expectExact(_ site: Site) async throws {
    let counters = site.journal.counters()
    #expect(try await site.committed + counters.droppedSamples == site.accepted)
    let held = try await site.journal.queue?.read { db in
      try Row.fetchAll(db, sql: "SELECT first, last FROM segment JOIN log ON log.id = log WHERE kind = 0")
        .map { try $0.range() }
    }
    var announced = SequenceRangeSet()
    for entry in try await site.journal.entries() {
      guard let match = try /"first":(\d+),"last":(\d+)/.firstMatch(in: entry) else { continue }
      let range = SequenceRange(UInt64(match.1) ?? 0, UInt64(match.2) ?? 0)
      #expect(announced.insert(range) == range.count, "announced twice")
    }
    #expect(announced.count == counters.purgedRecords)
    var all = announced
    for range in held ?? [] { #expect(all.insert(range) == range.count, "held and announced as lost") }
    #expect(all.ranges == [SequenceRange(1, try await site.committed)])
    #expect(try await site.journal.pragma("integrity_check") == "ok")
  }

  @Test func othersFillTheDiskForAnHour() async throws {
    let volume = try SmallVolume(bytes: 16 << 20)
    let site = try await Site(budget: 4 << 20, devices: Self.isLong ? 20 : 6, on: volume)
    for _ in 0..<500 { #expect(await site.step()) }
    volume.fill()
    // They take every byte that anybody lets go.
    for _ in 0..<900 {
      #expect(await site.step())
      volume.fill()
    }
    #expect(site.journal.counters().purgedRecords > 0)
    try await expectNormalSoon(site)
    #expect(site.journal.counters().droppedSamples == 0)
    await site.journal.close()
  }

  /// With nothing in reserve the log can neither grow nor be handed over: what the queue does not hold is counted.
  @Test func withoutAReserveWhatIsLostIsCounted() async throws {
    let volume = try SmallVolume(bytes: 16 << 20)
    let site = try await Site(
      budget: 4 << 20, devices: Self.isLong ? 20 : 6, capacity: 1000, reserve: 0, on: volume)
    for _ in 0..<10 { #expect(await site.step()) }
    volume.fill()
    for _ in 0..<(Self.isLong ? 900 : 150) {
      await site.step()
      volume.fill()
    }
    #expect(site.failures > 0)
    #expect(site.journal.counters().droppedSamples > 0)
    try await expectNormalSoon(site)
    #expect(try await site.journal.entries().contains { $0.contains(#""name":"samples-dropped""#) })
    await site.journal.close()
  }

  private func expectNormalSoon(_ site: Site) async throws {
    site.volume.empty()
    var tries = 1
    while await !site.step(), tries < 10 { tries += 1 }
    // Commits are 4 s apart.
    #expect(tries <= 2)
    #expect(site.journal.counters().fault == nil)
    for _ in 0..<10 { #expect(await site.step()) }
    #expect(site.mostUsed <= 1.05)
    try await expectExact(site)
  }

  /// Nobody calls for commits: the journal runs by its own clock.
  @Test(arguments: [nil, 0]) func runGoesThroughAFullDisk(_ reserve: Int?) async throws {
    let volume = try SmallVolume(bytes: 16 << 20)
    let site = try await Site(
      budget: 4 << 20, devices: Self.isLong ? 20 : 6, capacity: 1000, reserve: reserve, on: volume)
    let journal = site.journal
    for _ in 0..<500 { #expect(await site.step()) }
    let running = Task { await journal.run() }
    volume.fill()
    for _ in 0..<(Self.isLong ? 3600 : 600) {
      try await site.second()
      volume.fill()
    }
    #expect((journal.counters().fault != nil) == (reserve == 0))
    volume.empty()
    // Until nothing fails and nothing more is dropped.
    var (normalAfter, dropped, commits) = (0, journal.counters().droppedSamples, journal.counters().commits)
    for second in 1...60 {
      try await site.second()
      let now = journal.counters()
      if now.fault != nil || now.droppedSamples > dropped { normalAfter = second }
      dropped = now.droppedSamples
    }
    #expect(normalAfter <= 10)
    commits = journal.counters().commits - commits
    #expect(commits >= 60 / 4 - 2)
    #expect((dropped > 0) == (reserve == 0))
    #expect(await journal.commit())
    #expect(site.mostUsed <= 1.05)
    try await expectExact(site)
    await journal.close()
    await running.value
  }

  /// A stop lets the write-ahead log go, and others take that too: the start lives on the reserve.
  @Test(arguments: [WhenFull.thinOldest, .dropOldest]) func aStartOnAFullDiskGoesOn(_ whenFull: WhenFull) async throws {
    let volume = try SmallVolume(bytes: 16 << 20)
    var site = try await Site(budget: 4 << 20, devices: 6, whenFull, on: volume)
    for _ in 0..<500 { #expect(await site.step()) }
    await site.journal.close()
    volume.fill()
    site = try await Site(again: site)
    #expect(site.journal.counters().fault == nil)
    #expect(site.journal.boot == 2)
    for _ in 0..<100 {
      #expect(await site.step())
      volume.fill()
    }
    try await expectNormalSoon(site)
    #expect(site.journal.counters().droppedSamples == 0)
    await site.journal.close()
  }

  /// The queue is short and the journal cannot even begin: what finds no room is counted.
  @Test func aStartOnAFullDiskCountsWhatItCannotKeep() async throws {
    let volume = try SmallVolume(bytes: 4 << 20)
    volume.fill()
    let site = try await Site(budget: 1 << 20, devices: 2, capacity: 200, on: volume)
    for _ in 0..<50 { #expect(await !site.step()) }
    // 8 went into the commit that is tried again and again, and 200 wait.
    #expect(site.journal.counters().droppedSamples == site.accepted - 208)
    volume.empty()
    #expect(await site.step())
    #expect(await site.step())
    #expect(site.journal.counters().fault == nil)
    #expect(try await site.committed + site.journal.counters().droppedSamples == site.accepted)
    #expect(try await site.journal.entries().contains { $0.contains(#""name":"samples-dropped""#) })
    await site.journal.close()
  }

  @Test func theBudgetAloneIsNeverExceeded() async throws {
    let volume = try SmallVolume(bytes: 64 << 20)
    for whenFull in [WhenFull.thinOldest, .dropOldest] {
      let site = try await Site(
        budget: Self.isLong ? 2 << 20 : 512 << 10, devices: Self.isLong ? 20 : 4, whenFull, on: volume)
      for _ in 0..<(Self.isLong ? 2700 : 1500) { #expect(await site.step()) }
      #expect(site.mostUsed <= 1.05)
      if whenFull == .dropOldest { #expect(site.journal.counters().purgedRecords > 0) }
      #expect((site.journal.counters().thinnedRecords > 0) == (whenFull == .thinOldest))
      try await expectExact(site)
      await site.journal.close()
      try FileManager.default.removeItem(atPath: volume.path + "/journal")
    }
  }

  /// What somebody may want to look into goes before what was measured.
  @Test func filesThatWereSetAsideGoFirst() async throws {
    let volume = try SmallVolume(bytes: 8 << 20)
    let site = try await Site(budget: 2 << 20, devices: 2, on: volume)
    for _ in 0..<20 { #expect(await site.step()) }
    for number in [3, 4] {
      try Data(count: 200_000).write(
        to: URL(fileURLWithPath: volume.path + "/journal/journal.sqlite.damaged-\(number)"))
    }
    volume.fill()
    while JournalFile.copies(folder: volume.path + "/journal") == [3, 4] { #expect(await site.step()) }
    #expect(JournalFile.copies(folder: volume.path + "/journal") == [4])
    #expect(site.journal.counters().purgedRecords == 0)
    #expect(await site.step())
    let entries = try await site.journal.entries()
    #expect(entries.contains { $0.contains(#""name":"journal-copy-deleted""#) && $0.contains("damaged-3") })
    await site.journal.close()
  }
}
