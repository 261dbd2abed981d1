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

  /// Full jitter: each tenth of the range between floor and ceiling is hit about as often as the others, whatever
  /// the ceiling. 5,000 links, 500 ± 5 standard deviations a tenth.
  @Test(arguments: 1...6) func isUniformBelowEachCeiling(failures: Int) {
    let ceiling = min(60, Double(1 << failures))
    var tenths = [Int](repeating: 0, count: 10)
    for seed in 0..<5000 as Range<UInt64> {
      var backoff = Backoff(seed: seed)
      for _ in 1..<failures { _ = backoff.next() }
      let part = (backoff.next().seconds - 1) / (ceiling - 1)
      tenths[min(9, Int(part * 10))] += 1
    }
    #expect(tenths.allSatisfy { (394...606).contains($0) }, "\(tenths)")
  }

  @Test func countsTheTimeThatAnAttemptHasTaken() {
    var backoff = Backoff(seed: 3)
    for _ in 0..<6 { _ = backoff.next() }
    for _ in 0..<500 { #expect((1...38).contains(backoff.next(spent: .seconds(22)).seconds)) }
    for _ in 0..<500 { #expect((1...2).contains(backoff.next(spent: .seconds(600)).seconds)) }
    for _ in 0..<500 { #expect((1...2).contains(backoff.brief().seconds)) }
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
