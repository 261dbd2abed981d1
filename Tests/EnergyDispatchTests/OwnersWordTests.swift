import EnergyModel
import TestKit
import Testing

@testable import EnergyDispatch

struct OwnersWordTests {
  private let now = ManualTime().now()

  @Test(arguments: [
    (StandingOrders.Override.hold, "hold given 5"), (.charge(3000), "charge 3000 given 5"),
    (.discharge(500), "discharge 500 given 5 until 9"),
  ])
  func textAndBack(value: StandingOrders.Override, text: String) {
    let until = text.contains("until") ? Timestamp(milliseconds: 9) : nil
    let word = OwnersWord(value: value, given: Timestamp(milliseconds: 5), until: until)
    #expect(word.text == text)
    #expect(OwnersWord(text: text + "\n") == word)
  }

  @Test(arguments: [
    "", "hold", "charge given 5", "charge -3 given 5", "charge 1e9 given 5", "charge nan given 5",
    "hold given 5 until 5",
    "hold given 5 until", "hold given 5 until 9 more", "stop given 5", "discharge 3 until 9",
  ])
  func whatIsNone(text: String) { #expect(OwnersWord(text: text) == nil) }

  @Test func theRestRunsOnTheMonotonicClock() {
    var word = OwnersWord(value: .hold, given: now.wall, until: now.wall + .seconds(7200))
    #expect(word.order(seen: now)?.ends == now.monotonic + .seconds(7200))
    var later = now
    later.wall = now.wall + .seconds(3600)
    #expect(word.order(seen: later)?.ends == now.monotonic + .seconds(3600))
    later.wall = now.wall + .seconds(7200)
    #expect(word.order(seen: later) == nil)
    word.until = nil
    #expect(word.order(seen: later) != nil)
    #expect(word.order(seen: later)?.ends == nil)
  }

  /// A boot in 1970 does not make two hours of fifty years.
  @Test func aWrongClockMakesItNoLonger() {
    let word = OwnersWord(value: .hold, given: now.wall, until: now.wall + .seconds(7200))
    var boot = now
    boot.wall = Timestamp(milliseconds: 0)
    #expect(word.order(seen: boot)?.ends == now.monotonic + .seconds(7200))
  }
}
