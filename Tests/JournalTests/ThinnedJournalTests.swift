import EnergyModel
import Foundation
import GRDB
import TestKit
import Testing

@testable import Journal

/// A journal that thins before it drops: nothing is lost silently, and every number keeps its place.
@Suite struct ThinnedJournalTests {
  private struct Site {
    let stand: Stand
    var random = SeededGenerator(state: 3)
    /// Of each quarter hour the last counter.
    var truth: [Thinning.Slot: Reading] = [:]
    var counter = 0.0

    init(budget: Int, destinations: [DestinationID] = ["vpp"]) throws {
      stand = try Stand(budget: budget, destinations: destinations)
    }

    /// Commits of 30 readings of each device.
    mutating func fill(_ journal: Journal, commits: Int, devices: Int = 1, every interval: Duration = .seconds(1)) async
    {
      for _ in 0..<commits {
        for _ in 0..<30 {
          stand.time.advance(by: interval)
          for device in 0..<devices { journal.accept(sample(DeviceID("meter-\(device)"))) }
        }
        #expect(await journal.commit())
      }
    }

    /// What zstd cannot make small.
    private mutating func sample(_ device: DeviceID) -> Sample {
      counter += Double.random(in: 0...3, using: &random).rounded()
      let noise = [Point.power, .reactivePower, .apparentPower, .powerL1].map {
        Reading($0, Double(Int.random(in: -1_000_000...1_000_000, using: &random)))
      }
      let readings = noise + [Reading(.energyImport, counter)]
      let sample = Sample(device: device, measured: stand.time.now(), readings: readings)
      truth[Thinning.Slot(sample, .quarters)] = sample[.energyImport]
      return sample
    }
  }

  private func samples(_ segments: [Segment]) -> [Sample] {
    segments.flatMap(\.records).compactMap { if case .sample(let sample) = $0.body { sample } else { nil } }
  }

  /// Ranges follow each other, and what has a seq has the one of its place.
  private func expectWhole(_ segments: [Segment], from first: UInt64, to last: UInt64) {
    var next = first
    for segment in segments {
      #expect(segment.range.first == next)
      next = segment.range.last + 1
      let seqs = segment.records.compactMap(\.seq)
      #expect(segment.isThinned ? seqs.isEmpty : seqs == Array(segment.range.first...segment.range.last))
      #expect(segment.records.allSatisfy { segment.firstTime <= $0.time && $0.time <= segment.lastTime })
    }
    #expect(next == last + 1)
  }

  @Test func rangesStayWholeOverARestart() async throws {
    var site = try Site(budget: 512 << 10)
    var journal = try await site.stand.open()
    // Less than what fits as it is, several times of it, and so on until even quarter hours are too many.
    var formats: [[Bool]] = []
    for round in 0..<6 {
      await site.fill(journal, commits: 300)
      let segments = try await journal.waiting(.telemetry)
      expectWhole(segments, from: 1, to: UInt64(9000 * (round + 1)))
      let thinned = segments.filter(\.isThinned)
      #expect(journal.counters().thinnedRecords == thinned.reduce(0) { $0 + $1.range.count })
      #expect(journal.counters().purgedRecords == 0)
      #expect(journal.counters().bytes <= 512 << 10)
      #expect(journal.backlog(for: "vpp") == UInt64(9000 * (round + 1)))
      formats.append(segments.map(\.isThinned))
    }
    #expect(formats.first?.contains(true) == false)
    #expect(formats.last?.first == true)
    // The newest quarter hour is as it was measured.
    #expect(formats.last?.suffix(30).contains(true) == false)
    let before = try await journal.waiting(.telemetry)
    let counters = journal.counters()
    await journal.close()

    journal = try await site.stand.open()
    let after = try await journal.waiting(.telemetry)
    #expect(after == before)
    #expect(journal.counters().thinnedRecords == counters.thinnedRecords)
    // One record more: the gap of the stop.
    #expect(journal.backlog(for: "vpp") == 54_001)
    await site.fill(journal, commits: 300)
    expectWhole(try await journal.waiting(.telemetry), from: 1, to: 63_000)
    #expect(await !journal.hasShrunk)
    #expect(try await journal.pragma("integrity_check") == "ok")
    await journal.close()
  }

  @Test func countersSurviveUntilTheyAreDroppedAndAnnounced() async throws {
    var site = try Site(budget: 768 << 10)
    let journal = try await site.stand.open()
    while journal.counters().purgedRecords == 0, site.counter < 1e6 {
      await site.fill(journal, commits: 10, devices: 8, every: .seconds(150))
    }
    let segments = try await journal.waiting(.telemetry)
    let held = try #require(try await journal.log(.telemetry).held)
    expectWhole(segments, from: held.first, to: held.last)
    let formats = try #require(
      try await journal.queue?.read { try Int64.fetchSet($0, sql: "SELECT format FROM segment WHERE log = 2") })
    #expect(formats.isSuperset(of: [SegmentFormat.samples.rawValue, SegmentFormat.thinnedToQuarters.rawValue]))

    var found: [Thinning.Slot: Reading] = [:]
    for sample in samples(segments) { found[Thinning.Slot(sample, .quarters)] = sample[.energyImport] }
    #expect(found.count > 100)
    #expect(found == site.truth.filter { $0.key.end >= found.keys.map(\.end).min() ?? $0.key.end })

    // What is gone is announced, to the last record.
    #expect(journal.counters().purgedRecords == held.first - 1)
    let gaps = try await journal.entries().filter { $0.contains(#""cause":"budget""#) }
    #expect(gaps.last?.contains(#""last":\#(held.first - 1),"#) == true)
    await journal.close()
  }

  @Test func acknowledgedDataGoesFirst() async throws {
    var site = try Site(budget: 512 << 10)
    let journal = try await site.stand.open()
    await site.fill(journal, commits: 300)
    try await journal.acknowledge(1, 6000)
    while journal.counters().purgedRecords == 0 { await site.fill(journal, commits: 10) }
    #expect(journal.counters().thinnedRecords == 0)
    let last = try #require(try await journal.log(.telemetry).held?.last)
    expectWhole(try await journal.waiting(.telemetry), from: 6001, to: last)
    await journal.close()
  }

  /// A segment is sent again or let go as a whole, so it must not join what is already there with what is not.
  @Test func onlyWhatTheSamePeopleHaveIsJoined() async throws {
    var site = try Site(budget: 512 << 10, destinations: ["vpp", "owner"])
    let journal = try await site.stand.open()
    await site.fill(journal, commits: 300)
    try await journal.acknowledge(1501, 3000)
    // In the middle of a segment.
    try await journal.acknowledge(4501, 4515)
    let epoch = try await journal.log(.telemetry).epoch
    await site.fill(journal, commits: 700)
    let all = try await journal.unacknowledged(
      by: "owner", of: epoch, excluding: SequenceRangeSet(), since: nil, limit: .max)
    expectWhole(all, from: 1, to: 30_000)
    #expect(journal.counters().thinnedRecords > 4600)
    for segment in all {
      for edge: UInt64 in [1500, 3000, 4500, 4530] {
        #expect(segment.range.last <= edge || segment.range.first > edge, "\(segment.range) joins over \(edge)")
      }
    }
    let rest = try await journal.unacknowledged(
      by: "vpp", of: epoch, excluding: SequenceRangeSet(), since: nil, limit: .max)
    #expect(rest.reduce(0) { $0 + $1.range.count } == 28_500)
    #expect(journal.backlog(for: "vpp") == 28_485)

    // Thinned segments are acknowledged like any others, and replayed.
    let first = try #require(all.first)
    #expect(first.isThinned)
    try await journal.acknowledge([first.range], of: epoch, by: "owner")
    #expect(journal.backlog(for: "owner") == 30_000 - first.range.count)
    try await journal.replay([first.range], of: epoch, to: "owner")
    let again = try await journal.unacknowledged(
      by: "owner", of: epoch, excluding: SequenceRangeSet(), since: nil, limit: 1)
    #expect(again == [first])
    await journal.close()
  }

  /// What follows belongs to those who read on.
  @Test func nothingIsJoinedWhereSomebodyLeftTheLog() async throws {
    var site = try Site(budget: 512 << 10, destinations: ["vpp", "owner"])
    var journal = try await site.stand.open()
    let epoch = try await journal.log(.telemetry).epoch
    await site.fill(journal, commits: 110)
    await journal.close()
    site.stand.settings.destinations[1].logs = [.tenSeconds]
    journal = try await site.stand.open()
    let until = UInt64(3300)
    #expect(try await journal.telemetry("owner").first { $0.epoch == epoch }?.held?.last == until)
    await site.fill(journal, commits: 900)
    for destination: DestinationID in ["vpp", "owner"] {
      let segments = try await journal.unacknowledged(
        by: destination, of: epoch, excluding: SequenceRangeSet(), since: nil, limit: .max)
      #expect(segments.first?.isThinned == true)
      #expect(segments.allSatisfy { $0.range.last <= until || $0.range.first > until })
      if destination == "owner" { #expect(segments.last?.range.last == until) }
    }
    await journal.close()
  }

  @Test func whatGetsNoSmallerStays() async throws {
    let stand = try Stand(budget: 256 << 10, destinations: ["vpp", "owner"])
    let journal = try await stand.open()
    // One record each, and no two neighbours alike: thinning has nothing to join.
    while journal.counters().purgedRecords == 0 {
      stand.time.advance(by: .seconds(60))
      journal.accept(stand.sample())
      #expect(await journal.commit())
      let last = try #require(try await journal.log(.telemetry).held?.last)
      if last % 2 == 0 { try await journal.acknowledge(last, last) }
    }
    #expect(journal.counters().thinnedRecords == 0)
    let segments = try await journal.unacknowledged(
      by: "owner", of: journal.log(.telemetry).epoch, excluding: SequenceRangeSet(), since: nil, limit: .max)
    #expect(segments.allSatisfy { !$0.isThinned })
    await journal.close()
  }

  @Test func whatCannotBeReadIsAnnounced() async throws {
    var site = try Site(budget: 512 << 10)
    let journal = try await site.stand.open()
    await site.fill(journal, commits: 300)
    try await journal.execute("UPDATE segment SET payload = x'0011' WHERE first IN (1, 3001)")
    await site.fill(journal, commits: 600)
    let gaps = try await journal.entries().filter { $0.contains(#""kind":"gap""#) }
    #expect(gaps.count == 2)
    #expect(gaps.first?.hasSuffix(#""first":1,"last":30,"cause":"damaged""#) == true)
    #expect(gaps.last?.hasSuffix(#""first":3001,"last":3030,"cause":"damaged""#) == true)
    #expect(journal.counters().purgedRecords == 60)
    #expect(journal.counters().thinnedRecords > 3000)
    await journal.close()
  }

  /// What thinning costs the commit that does it: 50 devices × 20 points every second, as a large site has.
  @Test(.enabled(if: ProcessInfo.processInfo.environment["HOLDFAST_CHAOS"] != nil)) func figures() async throws {
    let stand = try Stand(budget: 8 << 20)
    let journal = try await stand.open()
    let points = Array(Point.allCases.prefix(20))
    var random = SeededGenerator(state: 4)
    var took: [Duration] = []
    for _ in 0..<1200 {
      for _ in 0..<4 {
        stand.time.advance(by: .seconds(1))
        for device in 0..<50 {
          let readings = points.map { Reading($0, Double.random(in: 0...500, using: &random).rounded()) }
          journal.accept(
            Sample(device: DeviceID("device-\(device)"), measured: stand.time.now(), readings: readings))
        }
      }
      // Of the processor, because the machine has other things to do.
      let start = clock()
      #expect(await journal.commit())
      took.append(.microseconds(Int64(clock() - start)))
    }
    took.sort()
    let counters = journal.counters()
    let report =
      "thinned \(counters.thinnedRecords) of 240000 records, purged \(counters.purgedRecords); a commit takes "
      + "median \(took[600]), 99 % \(took[1188]), longest \(took[1199])\n"
    FileHandle.standardError.write(Data(report.utf8))
    #expect(counters.thinnedRecords > 0)
    await journal.close()
  }
}
