import BusStage
import Testing

/// The short run of what `holdfast-bench soak` does with a million exchanges.
@Suite(.serialized) struct BusSoakTests {
  @Test(arguments: [false, true])
  func noWrongValueIsMarkedGoodAndNoWriteConfirmedWithoutEffect(isSerial: Bool) async throws {
    let result = try await BusSoak(
      isSerial: isSerial, exchanges: 12_000, faultsPerMille: 15, faults: BusSoak.detectable, lines: 8, seed: 11
    ).run()
    #expect(result.wrongValues == 0)
    #expect(result.confirmedWithoutEffect == 0)
    // The judge had something to judge.
    #expect(result.goodValues > 10_000)
    #expect(result.confirmed > 20)
    #expect(result.faults.count >= BusSoak.detectable.count - 1)
  }

  @Test func theJudgeSeesWhatNobodyElseCan() async throws {
    let result = try await BusSoak(
      isSerial: false, exchanges: 2000, faultsPerMille: 50, faults: BusSoak.residual, lines: 2, seed: 11
    ).run()
    #expect(result.wrongValues > 0)
  }
}
