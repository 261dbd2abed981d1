import EnergyModel
import TestKit
import Testing

@testable import Journal

/// A receiver asks again for what it lost.
@Suite struct ReplayTests {
  private func ten(_ stand: Stand) async throws -> (Journal, Epoch) {
    let journal = try await stand.open()
    for _ in 0..<10 { #expect(await stand.commit(4, to: journal)) }
    try await journal.acknowledge(1, 40)
    #expect(await stand.commit(1, to: journal))
    return (journal, try await journal.log(.telemetry).epoch)
  }

  @Test func whatIsHeldComesAgainUntilItIsAcknowledgedAnew() async throws {
    let stand = try Stand()
    let (journal, epoch) = try await ten(stand)
    try await journal.replay([SequenceRange(5, 6), SequenceRange(39, .max)], of: epoch, to: "vpp")
    #expect(try await journal.waiting(.telemetry).map(\.range.first) == [5, 37, 41])
    // Said at once, not with the next commit.
    #expect(journal.backlog(for: "vpp") == 5)
    stand.time.advance(by: .seconds(90_000))
    #expect(await stand.commit(1, to: journal))
    #expect(try await journal.waiting(.telemetry).map(\.range.first) == [5, 37, 41, 42], "kept beyond its time")
    let crashed = try await stand.openAfterCrash()
    #expect(try await crashed.waiting(.telemetry).map(\.range.first).prefix(2) == [5, 37], "persisted")
    await crashed.close()
    try await journal.acknowledge(1, 42)
    #expect(journal.backlog(for: "vpp") == 0)
    #expect(try await journal.entries().isEmpty)
    await journal.close()
  }

  @Test func whatIsNotHeldIsAnnouncedAgain() async throws {
    let stand = try Stand()
    let (journal, epoch) = try await ten(stand)
    // Let go: 1 to 12, and 21 to 24 in the middle.
    try await journal.execute("DELETE FROM segment WHERE last <= 12 OR first = 21")
    try await journal.replay([SequenceRange(1, 8), SequenceRange(9, 14), SequenceRange(20, 100)], of: epoch, to: "vpp")
    #expect(await journal.commit())
    let gaps = try await journal.entries()
    #expect(
      gaps.map { $0.replacing("\"kind\":\"gap\",\"epoch\":\"\(epoch)\",", with: "") } == [
        #""first":1,"last":12,"cause":"not-held""#, #""first":21,"last":24,"cause":"not-held""#,
      ])
    #expect(journal.counters().purgedRecords == 0, "these were counted when they went")
    #expect(try await journal.waiting(.telemetry).map(\.range.first) == [13, 17, 25, 29, 33, 37, 41])
    await journal.close()
  }

  @Test func whatWasNeverGivenIsRefused() async throws {
    let stand = try Stand()
    let (journal, epoch) = try await ten(stand)
    await #expect(throws: JournalError.neverGiven(last: 41)) {
      try await journal.replay([SequenceRange(42, 50)], of: epoch, to: "vpp")
    }
    #expect(journal.backlog(for: "vpp") == 1)
    await journal.close()
  }

  @Test func oneCallAsksForSoManyGapRecords() async throws {
    let stand = try Stand()
    let journal = try await stand.open()
    for _ in 0..<200 { #expect(await stand.commit(1, to: journal)) }
    try await journal.execute("DELETE FROM segment WHERE first % 2 = 0")
    // Nobody looks beyond the 64th: this row would be damage.
    try await journal.execute("UPDATE segment SET last = first - 1 WHERE first = 151")
    try await journal.replay([SequenceRange(1, 200)], of: journal.log(.telemetry).epoch, to: "vpp")
    #expect(await journal.commit())
    #expect(try await journal.entries().count == 64)
    await journal.close()
  }
}
