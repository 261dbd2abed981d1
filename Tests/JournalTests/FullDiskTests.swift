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
      journal = try await stand.open()
    }

    /// Four seconds: samples every second, and a commit.
    @discardableResult
    func step() async -> Bool {
      for _ in 0..<4 {
        stand.time.advance(by: .seconds(1))
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
      let isCommitted = await journal.commit()
      if !isCommitted { failures += 1 }
      mostUsed = max(mostUsed, Double(volume.bytes(in: "journal")) / Double(budget))
      return isCommitted
    }

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

/// A file system in memory of a few megabytes, that others can fill.
private final class SmallVolume {
  let path: String

  static let isPermitted: Bool = {
    guard getuid() == 0, let volume = try? SmallVolume(bytes: 1 << 20) else { return false }
    return volume.bytes(in: "") == 0
  }()

  init(bytes: Int) throws {
    path = try TemporaryFolder.make("volume").path
    let mount = try ChildProcess("mount", ["-t", "tmpfs", "-o", "size=\(bytes)", "tmpfs", path])
    guard mount.wait() == 0 else {
      rmdir(path)
      throw CocoaError(.fileWriteUnknown)
    }
  }

  deinit {
    _ = try? ChildProcess("umount", ["-l", path]).wait()
    rmdir(path)
  }

  private var filler: String { path + "/filler" }

  /// Somebody else takes whatever is free.
  func fill() {
    let file = open(filler, O_WRONLY | O_CREAT | O_APPEND, 0o600)
    defer { close(file) }
    let block = [UInt8](repeating: 1, count: 64 << 10)
    var size = block.count
    while size > 0 {
      if write(file, block, size) <= 0 { size /= 2 }
    }
  }

  func empty() { unlink(filler) }

  /// Of all files of a folder.
  func bytes(in folder: String) -> Int {
    let folder = path + "/" + folder
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []
    return names.reduce(0) { sum, name in
      // The index of the write-ahead log is memory that is mapped, and goes with the process.
      name.hasSuffix("-shm") ? sum : sum + fileSize(folder + "/" + name)
    }
  }
}
