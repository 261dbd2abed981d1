import EnergyModel
import TestKit
import Testing

@testable import DrivenStage

@Suite struct DrivenTimeTests {
  private let start = Moment(wall: Timestamp(milliseconds: 5000), monotonic: MonotonicInstant(nanoseconds: 7))

  @Test func itStandsUntilItIsDriven() {
    let time = DrivenTime(start)
    #expect(time.now() == start)
    time.advance(by: .seconds(3))
    #expect(time.now().wall == start.wall + .seconds(3))
    #expect(time.now().monotonic == start.monotonic + .seconds(3))
  }

  @Test func letGoItRunsOnFromWhereItWas() async throws {
    let time = DrivenTime(start)
    time.advance(by: .seconds(3))
    time.letGo()
    let begin = time.now()
    #expect(begin.wall >= start.wall + .seconds(3) && begin.monotonic >= start.monotonic + .seconds(3))
    try await eventually("it runs") { time.now().monotonic - begin.monotonic > .milliseconds(20) }
    #expect(time.now().wall > begin.wall)
    // Nobody drives it any more.
    time.advance(by: .seconds(1000))
    #expect(time.now().monotonic - begin.monotonic < .seconds(900))
  }
}
