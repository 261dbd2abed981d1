import EnergyModel
import Foundation
import GRDB
import TestKit
import Testing

@testable import Journal

/// A receiver that leaves holes for ever costs neither memory nor file, and loses nothing.
@Suite struct FragmentTests {
  private func front(_ journal: Journal) async throws -> SequenceRangeSet {
    try #require(try await journal.held().first { $0.kind == .telemetry }).acknowledged
  }

  /// Every second record of `range`.
  private func everySecond(_ range: ClosedRange<UInt64>) -> [SequenceRange] {
    stride(from: range.lowerBound, through: range.upperBound, by: 2).map { SequenceRange($0, $0) }
  }

  @Test func everySecondRecordForEverIsBounded() async throws {
    let stand = try Stand()
    let journal = try await stand.open()
    let most = stand.settings.mostAcknowledgedRanges
    let count = UInt64(most) * 3
    #expect(await stand.commit(Int(count), to: journal))
    let epoch = try await journal.log(.telemetry).epoch
    for start in stride(from: 1, to: count, by: 512) {
      try await journal.acknowledge(everySecond(start...min(start + 511, count)), of: epoch, by: "vpp")
      let acknowledged = try await front(journal)
      #expect(acknowledged.ranges.count <= most)
      #expect(journal.backlog(for: "vpp") + acknowledged.count == count)
    }
    #expect(await stand.commit(1, to: journal))
    let kept = try await front(journal)
    #expect(kept.ranges.count > most / 2)
    #expect(try await journal.count("acknowledged") == kept.ranges.count)
    // Forgotten is sent again.
    #expect(try await journal.seqs(.telemetry) == Array(1...count + 1))

    // Live data goes on as if there were no holes.
    for _ in 0..<5 {
      #expect(await stand.commit(3, to: journal))
      let last = try #require(try await journal.log(.telemetry).held?.last)
      try await journal.acknowledge(last - 2, last)
      let acknowledged = try await front(journal)
      #expect(acknowledged.contains(SequenceRange(count + 2, last)))
      #expect(journal.backlog(for: "vpp") + acknowledged.count == last)
    }
    #expect(await stand.commit(1, to: journal))
    let next = try await stand.openAfterCrash()
    #expect(try await front(next) == front(journal))
    await next.close()
    await journal.close()
  }

  /// Otherwise each commit would write the whole table.
  @Test func onlyTheRowsThatChangedAreWritten() async throws {
    let stand = try Stand()
    let journal = try await stand.open()
    #expect(await stand.commit(2000, to: journal))
    try await journal.acknowledge(everySecond(1...1000), of: journal.log(.telemetry).epoch, by: "vpp")
    #expect(await stand.commit(1, to: journal))
    #expect(try await journal.count("acknowledged") == 500)
    func changes() async throws -> Int {
      try await journal.queue?.read { try Int.fetchOne($0, sql: "SELECT total_changes()") } ?? 0
    }
    let before = try await changes()
    // Grown, joined and new.
    try await journal.acknowledge(2, 3)
    try await journal.acknowledge(1500, 1510)
    #expect(await stand.commit(1, to: journal))
    #expect(try await changes() - before < 12)
    #expect(try await journal.count("acknowledged") == 500)
    let next = try await stand.openAfterCrash()
    #expect(try await front(next) == front(journal))
    try await next.replay([SequenceRange(100, 200)], of: next.log(.telemetry).epoch, to: "vpp")
    #expect(await next.commit())
    #expect(try await next.count("acknowledged") == 500 - 50)
    await next.close()
    await journal.close()
  }

  /// What everybody had and was let go after its time may be forgotten too, but not in silence.
  @Test func whatIsForgottenAndNoLongerHeldIsAnnounced() async throws {
    let stand = try Stand()
    stand.settings.mostAcknowledgedRanges = 8
    stand.settings.retention = .seconds(30)
    let journal = try await stand.open()
    for _ in 0..<24 { #expect(await stand.commit(5, to: journal)) }
    // Segments 2, 4, … 16.
    for segment in stride(from: UInt64(2), through: 16, by: 2) {
      try await journal.acknowledge(segment * 5 - 4, segment * 5)
    }
    stand.time.advance(by: .seconds(200))
    #expect(await stand.commit(5, to: journal))
    #expect(try await front(journal).ranges.count == 8)
    #expect(try await journal.count("segment WHERE first IN (6, 16, 26, 36, 46, 56, 66, 76) AND log = 2") == 0)
    try await journal.acknowledge(121, 125)
    #expect(try await front(journal).ranges.count == 8)
    #expect(await journal.commit())
    let gap = #""first":16,"last":20,"cause":"not-held""#
    #expect(try await journal.entries().filter { $0.hasSuffix(gap) }.count == 1)
    #expect(journal.counters().purgedRecords == 0, "nobody lost anything")
    var faults: [String] = []
    try JournalReader(folder: stand.folder.path).check { if $0.isFault { faults.append($0.text) } }
    #expect(faults.isEmpty)
    // What is held is forgotten before: its announcement would be a lie.
    try await journal.acknowledge(111, 115)
    try await journal.acknowledge(101, 105)
    #expect(try await !front(journal).contains(101))
    #expect(try await front(journal).ranges.first == SequenceRange(6, 10))
    #expect(await journal.commit())
    #expect(try await journal.entries().filter { $0.contains("not-held") }.count == 1)
    await journal.close()
  }
}
