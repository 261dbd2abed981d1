import EnergyModel
import Testing

@testable import EnergyDispatch

struct AllowanceTests {
  private static func run(_ rooms: [(seconds: Int, room: Double)], from value: Double) -> [Double] {
    var allowance = Allowance(value)
    var values: [Double] = []
    for (seconds, room) in rooms {
      for _ in 0..<seconds {
        let now = MonotonicInstant(nanoseconds: Int64(values.count) * 1_000_000_000)
        allowance.follow(room, relaxed: room, step: 1000, mayRise: true, now)
        values.append(allowance.value)
      }
    }
    return values
  }

  /// 8 kW, then 3: at once · 8 again: a minute later 4, 5, 6, 7, 8 kW, one step in ten seconds
  @Test func itFallsAtOnceAndRisesInSteps() {
    let values = Self.run([(5, 8000), (10, 3000), (150, 8000)], from: 8000)
    #expect(values[5] == 3000)
    #expect(values[74] == 3000)
    #expect(values[75] == 4000 && values[84] == 4000 && values[85] == 5000)
    #expect(values[115] == 8000)
  }

  /// Batteries had to give 6 kW because nobody knew better, and need not: ten seconds later they are spared, and only who takes
  /// waits for the minute. Gaps of eight seconds between two kettles spare them nothing.
  @Test func batteriesAreSparedSooner() {
    let values = Self.run([(1, -6000), (70, 8000)], from: 8000)
    #expect(values[10] == -6000 && values[11] == 0)
    #expect(values[60] == 0 && values[61] == 1000)
    let kettles = Self.run(Array(repeating: [(10, -3000), (8, 3000)], count: 20).flatMap { $0 }, from: 0)
    #expect(kettles.allSatisfy { $0 == -3000 })
    // Half of it is still needed.
    #expect(Self.run([(1, -6000), (20, -3000)], from: 0).last == -3000)
  }

  /// Every 30 s a kettle: it never rises above what is left beside it.
  @Test func itRisesToTheLeastOfTheMinute() {
    var rooms: [(seconds: Int, room: Double)] = [(1, 2000)]
    for _ in 0..<10 { rooms += [(20, 8000), (10, 5000)] }
    let values = Self.run(rooms, from: 8000)
    #expect(values.dropFirst().allSatisfy { $0 <= 5000 })
    #expect(values.last == 5000)
  }

  @Test func noiseDoesNotMoveIt() {
    let noise = (0..<300).map { (seconds: 1, room: 5000 + Double($0 * 7 % 13) * 8) }
    #expect(Set(Self.run(noise, from: 5000)) == [5000])
  }

  /// Four seconds after the peak it still counts, six seconds after it does not.
  @Test func aPeakIsRememberedForFiveSeconds() {
    var peak = RecentPeak()
    let at = { MonotonicInstant(nanoseconds: $0 * 1_000_000_000) }
    #expect(peak.follow(7000, at(0)) == 7000)
    #expect(peak.follow(100, at(4)) == 7000)
    #expect(peak.follow(100, at(6)) == 100)
    #expect(peak.follow(300, at(7)) == 300)
  }
}
