import EnergyModel
import Gateway
import Testing

/// A clock of the machine and what is thought of it.
private struct Machine {
  static let noon = Timestamp(milliseconds: 1_782_036_000_000)
  static let start = MonotonicInstant(nanoseconds: 5_000_000_000)

  private var holdover: ClockHoldover

  /// - Parameter synchronised: seconds from noon, by an earlier process.
  init(synchronised: Int? = nil) {
    holdover = ClockHoldover(
      synchronised: synchronised.map { Self.noon + .seconds($0) }, now: Moment(wall: Self.noon, monotonic: Self.start))
  }

  /// - Parameters:
  ///   - after: seconds that have passed since noon.
  ///   - jump: seconds by which the clock is off what has passed.
  mutating func isTrusted(_ isSynchronised: Bool, after: Int, jump: Int = 0) -> Bool {
    holdover.isTrusted(
      isSynchronised, wall: Self.noon + .seconds(after + jump), monotonic: Self.start + .seconds(after))
  }
}

@Suite struct ClockHoldoverTests {
  private let week = 7 * 86_400

  /// 12:00 synchronised; 21:00 the kernel gives up; days without the internet.
  @Test func aClockThatWasSetIsTrustedForAWeekWithoutATimeServer() {
    var machine = Machine()
    let told = [(true, 0), (false, 9 * 3600), (false, 72 * 3600), (false, week)].map {
      machine.isTrusted($0, after: $1)
    }
    #expect(told == [true, true, true, true])
    let later = [(false, week + 1), (false, week + 2), (true, week + 3)].map { machine.isTrusted($0, after: $1) }
    #expect(later == [false, false, true], "until a time server is back")
  }

  @Test func aClockThatNobodyEverSetIsNotTrusted() {
    var machine = Machine()
    let told = [0, 60, 86_400].map { machine.isTrusted(false, after: $0) }
    #expect(told == [false, false, false])
  }

  @Test(arguments: [-3600, -2, 2, 3600, 365 * 86_400])
  func aClockThatJumpsIsNotTrustedAnyMore(seconds: Int) {
    var machine = Machine()
    let told = [
      machine.isTrusted(true, after: 0), machine.isTrusted(false, after: 60, jump: seconds),
      machine.isTrusted(false, after: 120),
    ]
    #expect(told == [true, false, false], "nor when it jumps back")
  }

  /// The agent starts anew on the third day of an outage.
  @Test func whatAnEarlierProcessKnewCounts() {
    var machine = Machine(synchronised: -2 * 86_400)
    let told = [0, 5 * 86_400, 5 * 86_400 + 60].map { machine.isTrusted(false, after: $0) }
    #expect(told == [true, true, false], "a week after it was set")
    var setBack = Machine(synchronised: 10)
    let isTrusted = setBack.isTrusted(false, after: 0)
    #expect(!isTrusted, "the clock was set back since")
  }
}
