import EnergyModel
import TestKit
import Testing

@testable import EnergyDispatch

struct CrashGuardTests {
  /// Lives of an agent, one after another, with what it keeps between them.
  private struct Lives {
    var kept: [UInt8]?
    var settings = CrashGuard.Settings()
    let time = ManualTime()

    /// Runs for `seconds` and crashes; whether the guard was up at the start and at the end.
    mutating func live(_ seconds: Int, clean: Bool = false) -> (start: Bool, end: Bool) {
      var guarding = CrashGuard(settings, saved: kept, at: time.now().monotonic)
      kept = guarding.saved
      let start = guarding.isUp
      for _ in 0..<seconds {
        time.advance(by: .seconds(1))
        if guarding.follow(at: time.now().monotonic) { kept = guarding.saved }
      }
      if clean { kept = CrashGuard.stopped }
      return (start, guarding.isUp)
    }
  }

  @Test func theFirstStartIsNoCrash() {
    var lives = Lives()
    #expect(lives.live(5) == (false, false))
  }

  /// Starts at 0, 60, 120 s, each crashes: the fourth run is guarded.
  @Test func threeCrashesInTenMinutesPutItUp() {
    var lives = Lives()
    for _ in 0..<3 { #expect(lives.live(60).start == false) }
    #expect(lives.live(5).start)
  }

  @Test func aCrashBeforeTheFirstCycleCountsToo() {
    var lives = Lives()
    for _ in 0..<3 { #expect(lives.live(0).start == false) }
    #expect(lives.live(0).start)
  }

  /// Crashes at 299, 598 and 897 s, told in whole steps: the first is 540 s old at the third, and counts.
  /// Crashes at 300, 600 and 900 s: the first is 600 s old, and does not.
  @Test func crashesFurtherApartDoNot() {
    var near = Lives()
    for _ in 0..<3 { _ = near.live(299) }
    #expect(near.live(1).start)
    var far = Lives()
    for _ in 0..<8 { #expect(far.live(300).start == false) }
  }

  @Test func tenGoodMinutesTakeItDown() {
    var lives = Lives()
    for _ in 0..<3 { _ = lives.live(1) }
    #expect(lives.live(599) == (true, true))
    #expect(lives.live(600) == (true, false))
    // All is forgotten: the next crash is the first again.
    for _ in 0..<2 { #expect(lives.live(1).start == false) }
    #expect(lives.live(1).start)
  }

  @Test func aCleanStopForgets() {
    var lives = Lives()
    for _ in 0..<2 { _ = lives.live(1) }
    _ = lives.live(1, clean: true)
    for _ in 0..<3 { #expect(lives.live(1).start == false) }
    #expect(lives.live(1).start)
  }

  @Test(arguments: [
    "", "rubbish", "holdfast crash guard 1\nrunning\n", "holdfast crash guard 1\nrunning -5\n", "\u{0}",
  ])
  func whatCannotBeReadIsOneCrash(text: String) {
    let one = CrashGuard(.init(), saved: Array(text.utf8), at: MonotonicInstant(nanoseconds: 0))
    #expect(one.crashes == 1)
    #expect(!one.isUp)
  }

  /// Nothing is written for a run that has been good for ten minutes.
  @Test func itFallsSilent() {
    let time = ManualTime()
    var guarding = CrashGuard(.init(), saved: nil, at: time.now().monotonic)
    var saves = 0
    for _ in 0..<3600 {
      time.advance(by: .seconds(1))
      if guarding.follow(at: time.now().monotonic) { saves += 1 }
    }
    #expect(saves == 20)
  }
}
