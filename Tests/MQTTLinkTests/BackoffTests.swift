import EnergyModel
import Testing

@testable import MQTTLink

@Suite struct BackoffTests {
  @Test func staysBetweenFloorAndARisingCeiling() {
    for seed in 0..<200 as Range<UInt64> {
      var backoff = Backoff(seed: seed)
      for ceiling in [2, 4, 8, 16, 32, 60, 60, 60] as [Double] {
        #expect((1...ceiling).contains(backoff.next().seconds))
      }
    }
  }

  @Test func fillsTheWholeRange() {
    var backoff = Backoff(seed: 7)
    let delays = (0..<2000).map { _ in backoff.next().seconds }.dropFirst(5)
    #expect(delays.contains { $0 < 4 })
    #expect(delays.contains { $0 > 57 })
    let mean = delays.reduce(0, +) / Double(delays.count)
    #expect((28...33).contains(mean))
  }

  @Test func beginsAnewAfterReset() {
    var backoff = Backoff(seed: 1)
    for _ in 0..<10 { _ = backoff.next() }
    backoff.reset()
    #expect(backoff.next() <= .seconds(2))
  }

  @Test func repeatsFromItsSeedAndDiffersBetweenSeeds() {
    func delays(_ seed: UInt64) -> [Duration] {
      var backoff = Backoff(seed: seed)
      return (0..<5).map { _ in backoff.next() }
    }
    #expect(delays(3) == delays(3))
    #expect(delays(3) != delays(4))
  }
}
