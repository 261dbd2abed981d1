import EnergyModel
import TestKit
import Testing

@testable import Journal

/// What everybody has acknowledged stays for replay for its time, whatever the wall clock says meanwhile.
@Suite struct ReleaseTests {
  private func hours(_ hours: Int, _ stand: Stand, _ journal: Journal) async {
    for _ in 0..<hours * 6 {
      stand.time.advance(by: .seconds(600))
      #expect(await journal.commit())
    }
  }

  private func held(_ journal: Journal) async throws -> SequenceRange? { try await journal.log(.telemetry).held }

  /// A box without a battery for its clock boots in 1970; the time server answers only after the broker.
  @Test(arguments: [-20_000 * 86_400, -2 * 86_400]) func aClockThatWasBehindLetsNothingGoEarly(_ step: Int) async throws
  {
    let stand = try Stand()
    stand.time.stepWall(by: .seconds(step))
    stand.time.trustClock(false)
    var journal = try await stand.open()
    for _ in 0..<5 { #expect(await stand.commit(4, to: journal)) }
    try await journal.acknowledge(1, 20)
    stand.time.stepWall(by: .seconds(-step))
    stand.time.trustClock(true)
    await hours(1, stand, journal)
    #expect(try await held(journal) == SequenceRange(1, 20))
    // Nor does the next start believe the old time.
    await journal.close()
    journal = try await stand.open()
    await hours(20, stand, journal)
    #expect(try await held(journal) == SequenceRange(1, 20))
    await hours(4, stand, journal)
    #expect(try await held(journal) == nil)
    #expect(journal.counters().purgedRecords == 0)
    await journal.close()
  }

  /// The clock was years ahead, and was set right.
  @Test func aClockThatWasAheadHoldsNothingForEver() async throws {
    let stand = try Stand()
    stand.time.stepWall(by: .seconds(3650 * 86_400))
    let journal = try await stand.open()
    for _ in 0..<300 { #expect(await stand.commit(1, to: journal)) }
    stand.time.stepWall(by: .seconds(-3650 * 86_400))
    #expect(await stand.commit(10, to: journal))
    try await journal.acknowledge(1, 310)
    await hours(23, stand, journal)
    #expect(try await held(journal) == SequenceRange(1, 310))
    await hours(2, stand, journal)
    #expect(try await held(journal) == nil)
    await journal.close()
  }

  /// Starts that follow each other do not keep data for ever.
  @Test func timeIsCountedOverStarts() async throws {
    let stand = try Stand()
    var journal = try await stand.open()
    #expect(await stand.commit(4, to: journal))
    try await journal.acknowledge(1, 4)
    for start in 1...5 {
      await hours(6, stand, journal)
      #expect(try await held(journal) == (start < 5 ? SequenceRange(1, 4) : nil), "after \(start) times six hours")
      await journal.close()
      journal = try await stand.open()
    }
    await journal.close()
  }

  /// What is dated in the future is not the young end of a log.
  @Test func aClockThatWasAheadDoesNotStopThinning() async throws {
    let stand = try Stand(budget: 512 << 10)
    stand.time.stepWall(by: .seconds(3650 * 86_400))
    let journal = try await stand.open()
    var random = SeededGenerator(state: 3)
    for commit in 0..<900 {
      if commit == 300 { stand.time.stepWall(by: .seconds(-3650 * 86_400)) }
      for _ in 0..<30 {
        stand.time.advance(by: .seconds(1))
        let readings = [Point.power, .reactivePower, .apparentPower, .powerL1].map {
          Reading($0, Double(Int.random(in: -1_000_000...1_000_000, using: &random)))
        }
        journal.accept(Sample(device: "meter", measured: stand.time.now(), readings: readings))
      }
      #expect(await journal.commit())
    }
    #expect(journal.counters().purgedRecords == 0)
    #expect(journal.counters().thinnedRecords > 9000)
    await journal.close()
  }
}
