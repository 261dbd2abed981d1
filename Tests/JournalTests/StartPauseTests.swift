import EnergyModel
import Testing

@testable import Journal

@Suite struct StartPauseTests {
  @Test func itDoublesUpToEightSecondsAndBeginsAnew() {
    let now = MonotonicInstant(nanoseconds: 5_000_000_000)
    var pause = StartPause()
    #expect(pause.due(now) == now)
    for seconds in [1, 2, 4, 8, 8, 8] {
      pause.tried(at: now, isOpen: false)
      #expect(pause.due(now) == now + .seconds(seconds))
      #expect(pause.due(now + .seconds(100)) == now + .seconds(100))
    }
    pause.tried(at: now, isOpen: true)
    #expect(pause.due(now) == now)
    pause.tried(at: now, isOpen: false)
    #expect(pause.due(now) == now + .seconds(1))
  }
}
