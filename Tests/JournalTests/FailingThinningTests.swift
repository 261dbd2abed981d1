import EnergyModel
import Foundation
import GRDB
import TestKit
import Testing

@testable import Journal

/// Thinning on disks that fail and over files that are damaged: what is gone is announced, to the record, and no number
/// gets another content. `HOLDFAST_CHAOS=1` takes more seeds.
@Suite(.serialized) struct FailingThinningTests {
  private static let seeds: ClosedRange<UInt64> =
    ProcessInfo.processInfo.environment["HOLDFAST_CHAOS"] == nil ? 1...12 : 1...150

  @Test func whatADiskFailsAtIsNeitherLostNorThereTwice() async throws {
    let full = try await FullSite.make()
    var hits = 0
    for seed in Self.seeds {
      var site = try full.copy(seed: seed)
      let disk = FaultDisk(folder: site.stand.folder.path, seed: seed)
      site.stand.settings.fileQuery = FaultDisk.query
      let journal = try await site.stand.open()
      #expect(journal.counters().fault == nil)
      let thinned = journal.counters().thinnedRecords
      let choices: [Set<FaultDisk.Operation>] = [[.write], [.sync], [.write, .sync, .truncate, .delete]]
      let operations = try #require(choices.randomElement(using: &site.random))
      let isFull = operations == [.write] && Bool.random(using: &site.random)
      let times = [1, Int.random(in: 2...6, using: &site.random), nil].randomElement(using: &site.random) ?? nil
      disk.fail(
        operations, after: Int.random(in: 0...200, using: &site.random), times: times, code: isFull ? 13 : nil)
      var failing = 0
      for _ in 0..<40 {
        failing += disk.faults > 0 ? 1 : 0
        if failing == 5 { disk.heal() }
        await site.commit(to: journal)
      }
      disk.heal()
      for _ in 0..<3 { await journal.commit() }
      hits += disk.faults > 0 ? 1 : 0
      let what = "seed \(seed): \(operations) full \(isFull)"
      #expect(journal.counters().fault == nil, "\(what)")
      #expect(isFull || journal.counters().thinnedRecords > thinned, "\(what)")
      let purged = try await site.examine(journal, what)
      #expect(isFull || purged == 0, "\(what)")
      #expect(try await journal.log(.telemetry).held?.last == site.posted, "\(what)")

      // What the disk holds is what the journal said.
      let image = try site.newFolder()
      disk.cutPower(image: image.path)
      let before = try await journal.found()
      await journal.close()
      site.stand.settings.fileQuery = nil
      site.stand.settings.folder = image.path
      let next = try await site.stand.open()
      #expect(JournalFile.copies(folder: image.path).isEmpty, "\(what)")
      #expect(try await next.found().covered == before.covered, "\(what)")
      _ = try await site.examine(next, what)
      await next.close()
    }
    #expect(hits >= Self.seeds.count * 2 / 3)
  }

  /// What waited through a stall comes in one commit, with the history of all that time.
  @Test func aLongStallTakesNoMoreThanItsRoom() async throws {
    var site = try await FullSite.make()
    let journal = try await site.stand.open()
    journal.post(site.stand.event("e"))
    await site.commit(to: journal)
    for _ in 0..<26 { site.measure(journal) }
    #expect(await journal.commit())
    let purged = try await site.examine(journal, "stall")
    // The estimate of the room is generous, and a small budget feels it; but by far not everything goes.
    #expect(purged < site.posted * 3 / 4)
    #expect(try await journal.log(.events).held?.first == 1)
    await journal.close()
  }

  /// Single segments that cannot be read, which thinning meets or a reader.
  @Test func segmentsThatCannotBeReadAreAnnounced() async throws {
    let full = try await FullSite.make()
    var met = 0
    for seed in Self.seeds {
      var site = try full.copy(seed: seed)
      let journal = try await site.stand.open()
      let segments = try await journal.found().keys
      var damaged: Set<SequenceRange> = []
      for _ in 0..<Int.random(in: 1...12, using: &site.random) {
        guard let key = segments.randomElement(using: &site.random) else { continue }
        try await journal.flip(key.id, &site.random)
        damaged.insert(key.range)
      }
      let readers = Bool.random(using: &site.random)
      for step in 0..<40 {
        if readers, step % 10 == 5 { _ = try await journal.waiting(.telemetry) }
        await site.commit(to: journal)
        #expect(journal.counters().fault == nil, "seed \(seed)")
      }
      let purged = try await site.examine(journal, "seed \(seed)")
      met += purged > 0 ? 1 : 0
      let announced = try await journal.announced(site.epoch)
      #expect(SequenceRangeSet(damaged).count >= announced.count, "seed \(seed)")
      #expect(announced.ranges.allSatisfy(SequenceRangeSet(damaged).contains), "seed \(seed): more than was damaged")
      #expect(JournalFile.copies(folder: site.stand.folder.path).isEmpty, "seed \(seed)")
      await journal.close()
    }
    #expect(met > Self.seeds.count / 2)
  }

  /// Anything in the file may be hit. What is set aside is announced as a whole.
  @Test func flippedFilesAreThinnedOrSetAside() async throws {
    let full = try await FullSite.make()
    var aside = 0
    for seed in Self.seeds {
      var site = try full.copy(seed: seed)
      var bytes = try Data(contentsOf: site.stand.database)
      for _ in 0..<Int.random(in: 1...12, using: &site.random) {
        let index = Int.random(in: 0..<bytes.count, using: &site.random)
        bytes[index] ^= 1 << UInt8.random(in: 0..<8, using: &site.random)
      }
      try bytes.write(to: site.stand.database)
      let before = site.posted
      let journal = try await site.stand.open()
      for _ in 0..<40 { await site.commit(to: journal) }
      for _ in 0..<2 where await !journal.commit() {}
      #expect(journal.counters().fault == nil, "seed \(seed)")
      if try await journal.logs().contains(where: { $0.epoch == site.epoch }) {
        _ = try await site.examine(journal, "seed \(seed)")
      } else {
        aside += 1
        #expect(try await journal.entries().contains { $0.contains("journal-damaged") }, "seed \(seed)")
        let announced = try await journal.announced(site.epoch)
        #expect(announced.ranges.count == 1 && announced.contains(SequenceRange(1, before)), "seed \(seed)")
      }
      await journal.close()
    }
    #expect(aside < Self.seeds.count)
  }
}

/// A site whose journal is full of telemetry that nobody has, so that nearly every commit thins.
private struct FullSite {
  let stand: Stand
  var random: SeededGenerator
  private(set) var epoch = Epoch(number: 0)
  /// Every sample in the order of its seq.
  private var samples: [Sample] = []
  private let folders: Folders

  /// What goes with the last copy.
  private final class Folders {
    var urls: [URL] = []
    deinit { for url in urls { try? FileManager.default.removeItem(at: url) } }
  }

  var posted: UInt64 { UInt64(samples.count) }

  private init(seed: UInt64, time: ManualTime) throws {
    stand = try Stand(budget: 512 << 10, time: time)
    random = SeededGenerator(state: seed)
    folders = Folders()
  }

  static func make() async throws -> FullSite {
    var site = try FullSite(seed: 1, time: ManualTime())
    // Twice, because a log that has grown leaves less room than one that begins.
    for thinned: UInt64 in [3000, 6000] {
      let journal = try await site.stand.open()
      site.epoch = try await journal.log(.telemetry).epoch
      while journal.counters().thinnedRecords < thinned, site.posted < 60_000 { await site.commit(to: journal) }
      #expect(journal.counters().thinnedRecords >= thinned && journal.counters().purgedRecords == 0)
      await journal.close()
    }
    return site
  }

  func copy(seed: UInt64) throws -> FullSite {
    var copy = try FullSite(seed: seed, time: ManualTime(stand.time.now()))
    for name in [JournalFile.name, HighWaterMark.name, "reserve"] {
      try FileManager.default.copyItem(
        at: stand.folder.appendingPathComponent(name), to: copy.stand.folder.appendingPathComponent(name))
    }
    copy.epoch = epoch
    copy.samples = samples
    return copy
  }

  func newFolder() throws -> URL {
    let url = try TemporaryFolder.make("thinning")
    folders.urls.append(url)
    return url
  }

  /// Thirty samples that cannot be made small. A failure keeps them for the next.
  mutating func commit(to journal: Journal) async {
    measure(journal)
    await journal.commit()
  }

  mutating func measure(_ journal: Journal) {
    for _ in 0..<30 {
      stand.time.advance(by: .seconds(1))
      let readings = [Point.power, .reactivePower, .apparentPower, .powerL1].map {
        Reading($0, Double(Int.random(in: -1_000_000...1_000_000, using: &random)))
      }
      let measured = Moment(wall: stand.time.now().wall, monotonic: MonotonicInstant(nanoseconds: 0))
      let sample = Sample(device: "meter", measured: measured, readings: readings)
      samples.append(sample)
      journal.accept(sample)
    }
  }

  /// What is held and what is announced is all there ever was, each once, and what was not thinned is as it was.
  /// - Returns: how many records are gone.
  func examine(_ journal: Journal, _ what: String) async throws -> UInt64 {
    let found = try await journal.found()
    let announced = try await journal.announced(epoch)
    #expect(announced.count == journal.counters().purgedRecords, "\(what)")
    var all = announced
    for key in found.keys { #expect(all.insert(key.range) == key.range.count, "\(what): \(key.range) is there twice") }
    let last = try #require(try await journal.logs().first { $0.epoch == epoch }?.held).last
    #expect(all.ranges == [SequenceRange(1, last)], "\(what)")
    #expect(last <= posted, "\(what)")
    for record in found.records {
      guard let seq = record.seq else { continue }
      #expect(record.body == .sample(samples[Int(seq) - 1]), "\(what): \(seq) has another content")
    }
    return announced.count
  }
}

/// The telemetry of a journal as its file has it.
private struct Found: Sendable {
  var keys: [SegmentTable.Key] = []
  /// Of the segments that can be read.
  var records: [EnergyModel.Record] = []
  var covered: SequenceRangeSet { SequenceRangeSet(keys.map(\.range)) }
}

extension Journal {
  fileprivate func found() throws -> Found {
    guard let opened, let log = opened.ledger.logs.first(where: { $0.kind == .telemetry }), log.next > 1 else {
      throw JournalError.closed
    }
    return try opened.file.queue.read { db in
      let table = SegmentTable(db: db)
      var found = Found()
      found.keys = try table.keys(log.id, overlapping: SequenceRange(1, log.next - 1), limit: .max >> 1)
      for key in found.keys {
        found.records += (try? table.segment(key, of: log, shapes: opened.ledger.shapes))?.records ?? []
      }
      return found
    }
  }

  /// Seqs of a log that gap records name, each once.
  fileprivate func announced(_ epoch: Epoch) throws -> SequenceRangeSet {
    var set = SequenceRangeSet()
    for gap in try entries().compactMap(HeldLog.dropped) where gap.epoch == epoch {
      #expect(set.insert(gap.range) == gap.range.count, "\(gap.range) is announced twice")
    }
    return set
  }

  /// One bit of a payload.
  fileprivate func flip(_ segment: Int64, _ random: inout SeededGenerator) throws {
    guard let queue else { throw JournalError.closed }
    let row = try queue.read {
      try Row.fetchOne($0, sql: "SELECT payload FROM segment WHERE id = ?", arguments: [segment])
    }
    guard var payload = try row?.bytes("payload"), !payload.isEmpty else { return }
    payload[Int.random(in: 0..<payload.count, using: &random)] ^= 1 << UInt8.random(in: 0..<8, using: &random)
    let bytes = blob(payload)
    try queue.write { try $0.execute(sql: "UPDATE segment SET payload = ? WHERE id = ?", arguments: [bytes, segment]) }
  }
}
