import EnergyModel
import TestKit
import Testing

@testable import Journal

/// Who has what: ranges of each destination, what is left to send, and the counters of it.
@Suite struct AcknowledgementTests {
  private func ten(_ stand: Stand) async throws -> Journal {
    let journal = try await stand.open()
    for _ in 0..<10 { #expect(await stand.commit(4, to: journal)) }
    return journal
  }

  @Test func whatIsLeftComesOldestFirst() async throws {
    let stand = try Stand()
    let journal = try await ten(stand)
    let epoch = try await journal.log(.telemetry).epoch
    // The live lane is ahead of the backlog: two fronts.
    try await journal.acknowledge(1, 8)
    try await journal.acknowledge(37, 40)
    let inFlight = SequenceRangeSet([SequenceRange(9, 12), SequenceRange(17, 20)])
    let left = try await journal.unacknowledged(by: "vpp", of: epoch, excluding: inFlight, since: nil, limit: 3)
    #expect(left.map(\.range) == [SequenceRange(13, 16), SequenceRange(21, 24), SequenceRange(25, 28)])
    #expect(left.allSatisfy { UInt64($0.records.count) == $0.range.count })
    #expect(journal.backlog(for: "vpp") == 28)
    #expect(journal.acknowledgedRecords(by: "vpp") == 12)
    await journal.close()
  }

  @Test func aSegmentThatIsOnlyPartlyAcknowledgedIsSentAsAWholeAndOnce() async throws {
    let stand = try Stand()
    let journal = try await ten(stand)
    try await journal.acknowledge(2, 3)
    try await journal.acknowledge(6, 7)
    #expect(try await journal.waiting(.telemetry).count == 10)
    #expect(journal.backlog(for: "vpp") == 36)
    try await journal.acknowledge(1, 5)
    #expect(try await journal.waiting(.telemetry).first?.range == SequenceRange(5, 8))
    #expect(journal.backlog(for: "vpp") == 33)
    await journal.close()
  }

  @Test func sinceLeavesOutWhatIsOlder() async throws {
    let stand = try Stand()
    let journal = try await ten(stand)
    let since = stand.time.now().wall - .seconds(8)
    #expect(try await journal.waiting(.telemetry, since: since).map(\.range.first) == [29, 33, 37])
    try await journal.acknowledge(33, 36)
    #expect(try await journal.waiting(.telemetry, since: since).map(\.range.first) == [29, 37])
    await journal.close()
  }

  @Test func theYoungEndIsFoundWhateverIsDoneInBetween() async throws {
    let stand = try Stand()
    let journal = try await ten(stand)
    let epoch = try await journal.log(.telemetry).epoch
    let since = stand.time.now().wall - .seconds(19)
    // 10 segments of 4 s each; the youngest five begin at 21. Some of both ends are done or under way.
    try await journal.acknowledge(1, 4)
    try await journal.acknowledge(25, 28)
    try await journal.acknowledge(37, 38)
    let inFlight = SequenceRangeSet([SequenceRange(9, 12), SequenceRange(29, 32)])
    func young(_ limit: Int) async throws -> [UInt64] {
      try await journal.unacknowledged(by: "vpp", of: epoch, excluding: inFlight, since: since, limit: limit)
        .map(\.range.first)
    }
    #expect(try await young(10) == [21, 33, 37])
    #expect(try await young(2) == [21, 33], "oldest first")
    try await journal.acknowledge(21, 24)
    #expect(try await young(10) == [33, 37])
    // The wall clock is set back for a while: what came then looks old, the rest is what it was.
    stand.time.stepWall(by: .seconds(-3600))
    #expect(await stand.commit(4, to: journal))
    stand.time.stepWall(by: .seconds(3600))
    #expect(await stand.commit(4, to: journal))
    #expect(try await young(10) == [33, 37, 45])
    await journal.close()
  }

  @Test func nobodyAcknowledgesTheFuture() async throws {
    let stand = try Stand()
    let journal = try await ten(stand)
    try await journal.acknowledge(39, .max)
    #expect(journal.backlog(for: "vpp") == 38)
    #expect(await stand.commit(1, to: journal))
    #expect(try await journal.waiting(.telemetry).last?.range == SequenceRange(41, 41))
    try await journal.acknowledge(1, .max)
    try await journal.acknowledge(1, .max)
    #expect(journal.backlog(for: "vpp") == 0)
    #expect(journal.acknowledgedRecords(by: "vpp") == 41)
    await journal.close()
  }

  @Test func strangersAreRefused() async throws {
    let stand = try Stand()
    let journal = try await ten(stand)
    let epoch = try await journal.log(.telemetry).epoch
    await #expect(throws: JournalError.unknownDestination("other")) {
      try await journal.acknowledge([SequenceRange(1, 2)], of: epoch, by: "other")
    }
    let unknown = Epoch(number: 1)
    await #expect(throws: JournalError.unknownDestination("other")) {
      try await journal.acknowledge([SequenceRange(1, 2)], of: unknown, by: "other")
    }
    await #expect(throws: JournalError.unknownLog(unknown)) {
      try await journal.unacknowledged(by: "vpp", of: unknown, excluding: SequenceRangeSet(), since: nil, limit: 1)
    }
    await journal.close()
  }

  /// The broker may answer after the log was let go or the file set aside.
  @Test func whatArrivedOfALogThatIsGoneIsDropped() async throws {
    let stand = try Stand()
    let journal = try await ten(stand)
    try await journal.acknowledge([SequenceRange(1, 2)], of: Epoch(number: 1), by: "vpp")
    #expect(journal.backlog(for: "vpp") == 40)
    #expect(journal.acknowledgedRecords(by: "vpp") == 0)
    await journal.close()
  }

  @Test func acknowledgementsArePersistedWithTheNextCommit() async throws {
    let stand = try Stand()
    let journal = try await ten(stand)
    try await journal.acknowledge(1, 12)
    let early = try await stand.openAfterCrash()
    // Lost with the crash: sent again, never lost.
    #expect(try await early.waiting(.telemetry).first?.range.first == 1)
    await early.close()

    #expect(await stand.commit(1, to: journal))
    let late = try await stand.openAfterCrash()
    #expect(try await late.waiting(.telemetry).first?.range.first == 13)
    // 41 − 12 of telemetry, and the gap record of the crash.
    #expect(late.backlog(for: "vpp") == 30)
    await late.close()
    await journal.close()
  }

  @Test func eachDestinationHasItsOwnRanges() async throws {
    let stand = try Stand(destinations: ["vpp", "owner"])
    let journal = try await ten(stand)
    try await journal.acknowledge(1, 40)
    #expect(try await journal.waiting(.telemetry).isEmpty)
    #expect(journal.backlog(for: "vpp") == 0)
    #expect(journal.backlog(for: "owner") == 40)
    await journal.close()
  }

  @Test func acknowledgedDataGoesSilentlyAfterItsTime() async throws {
    let stand = try Stand()
    let journal = try await ten(stand)
    try await journal.acknowledge(1, 20)
    stand.time.advance(by: .seconds(86_000))
    #expect(await stand.commit(1, to: journal))
    #expect(try await journal.log(.telemetry).held?.first == 1)
    stand.time.advance(by: .seconds(500))
    #expect(await stand.commit(1, to: journal))
    // The rest is as old, but nobody has it yet.
    #expect(try await journal.log(.telemetry).held == SequenceRange(21, 42))
    #expect(try await journal.entries().isEmpty)
    #expect(journal.counters().purgedRecords == 0)
    #expect(journal.backlog(for: "vpp") == 22)
    await journal.close()
  }
}
