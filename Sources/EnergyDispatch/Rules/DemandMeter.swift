import EnergyModel

/// The energy imported in the running quarter hour, and the highest mean of a quarter hour in this month: what a meter with
/// registering of the demand bills.
///
/// Quarter hours are those of the meter's clock, aligned with UTC. The energy is that of the meter's import counter; between
/// two ticks of the counter, and where there is none, `∫ max(0, grid) dt`. While neither is known the import is taken to be the
/// last one or the base load, whichever is more; the counter corrects that as soon as it is back. What is gained over a gap is
/// divided between the quarter hours by time.
///
/// A counter that falls, or gains more than the connection passes, tells nothing: it counts anew from there, and what the power
/// says counts instead. A mean counts for the month only of a quarter hour that was seen whole and without such a leap, so that
/// neither a jump of the clock nor a glitch of the counter makes or forgets a peak.
struct DemandMeter: RuleMemory {
  private static let quarter: Int64 = 900_000
  /// Steps further apart than this are a gap.
  private static let tolerance: Duration = .seconds(10)
  /// The coarsest counters show whole kilowatt-hours: one may tick at once, Wh.
  private static let tick = 1000.0
  /// Where nobody knows what the connection passes, of what is expected.
  private static let surprise = 3.0
  /// What a saved text may tell: until the year 9999, and what a counter can show or, new at zero, owes.
  private static let numbers: ClosedRange<Int64> = 0...282_000_000
  private static let counters: ClosedRange<Int64> = -10_000_000...10_000_000_000_000

  /// The number of the running quarter hour since 1970; nil while the clock is not trusted.
  private(set) var number: Int64?
  /// What the counter would have shown when it began, Wh; with a counter, it tells the energy after a restart.
  private var begin: Double?
  /// After a restart, until the counter tells what the running quarter hour has had.
  private var isResuming = false
  /// The running quarter hour is known since then.
  private var since: MonotonicInstant?
  private var counted = 0.0
  /// Since the last tick of the counter, from power.
  private var uncounted = 0.0
  /// Of the above, what belongs to the quarter hour before.
  private var carried = 0.0
  /// While nothing is known.
  private var guessed = 0.0
  private var counter: Double?
  /// When the counter last moved, or was first seen.
  private var moved: MonotonicInstant?
  /// The running quarter hour saw a leap of the counter.
  private var isDoubtful = false
  private var lastPower = 0.0
  private var lastStep: MonotonicInstant?
  /// Of the highest mean, see ``LocalClock/month``.
  private(set) var month: Int?
  /// W; zero while there is none.
  private var highest = 0.0

  /// Imported in the running quarter hour, Wh.
  var energy: Double { counted + max(0, uncounted - carried) + guessed }

  static var hasAges: Bool { false }
  static func lost(at now: MonotonicInstant) -> DemandMeter { DemandMeter() }

  init() {}

  /// `month peak`, and within a quarter hour `month peak number counter`.
  init?(saved: Substring, at now: MonotonicInstant) {
    let words = saved.split(separator: " ").map { Int64($0) }
    guard words.count == 2 || words.count == 4, !words.contains(nil), (0...200_000).contains(words[0] ?? -1),
      (0...1_000_000_000).contains(words[1] ?? -1)
    else { return nil }
    month = words[0].map { Int($0) }
    highest = Double(words[1] ?? 0)
    guard words.count == 4, let number = words[2], let counter = words[3], Self.numbers.contains(number),
      Self.counters.contains(counter)
    else { return }
    self.number = number
    begin = Double(counter)
    isResuming = true
  }

  func saved(at now: MonotonicInstant) -> String {
    guard month != nil || begin != nil else { return "" }
    let text = "\(month ?? 0) \(Int64(highest.rounded(.up)))"
    guard let number, let begin else { return text }
    return "\(text) \(number) \(Int64(begin.rounded(.down)))"
  }

  /// Alike in what is saved; the energy changes each second.
  static func == (a: Self, b: Self) -> Bool {
    a.number == b.number && a.begin == b.begin && a.month == b.month && a.highest == b.highest
  }

  func hash(into hasher: inout Hasher) { hasher.combine(number) }

  /// The month's peak, W. In a month that has had no whole quarter hour yet there is none.
  func peak(at now: Moment, _ zone: TimeZoneTable) -> Double {
    guard now.isClockTrusted else { return highest }
    return LocalClock(now.wall, zone).month == month ? highest : 0
  }

  /// Until the running quarter hour is over.
  static func left(at now: Moment) -> Duration {
    let into = now.wall.milliseconds % quarter
    return .milliseconds(quarter - (into < 0 ? into + quarter : into))
  }

  /// - Parameters:
  ///   - assumed: what is imported where nobody knows, W: of a quarter hour that was not seen from its begin.
  ///   - baseLoad: the least that is imported while the meter is silent, W.
  ///   - most: what the connection passes, W; nil where nobody knows.
  mutating func observe(
    _ grid: SiteView.Grid?, _ now: Moment, _ zone: TimeZoneTable, assumed: Double, baseLoad: Double, most: Double? = nil
  ) {
    let step = lastStep.map { now.monotonic - $0 } ?? .zero
    let before = energy
    add(grid, step, baseLoad, most, now.monotonic)
    lastStep = now.monotonic
    guard now.isClockTrusted else {
      number = nil
      since = nil
      begin = nil
      return
    }
    let running = (now.wall - .milliseconds(Self.quarter - Self.left(at: now).milliseconds)).milliseconds / Self.quarter
    if running != number {
      let isNext = number.map { $0 + 1 == running } ?? false
      finish(isNext: isNext, added: energy - before, step, now, zone, assumed, most)
      number = running
    } else if isResuming {
      resume(now, assumed, most)
    }
  }

  private static func elapsed(_ now: Moment) -> Duration { .milliseconds(quarter) - left(at: now) }

  private mutating func add(
    _ grid: SiteView.Grid?, _ step: Duration, _ baseLoad: Double, _ most: Double?, _ now: MonotonicInstant
  ) {
    let hours = step.seconds / 3600
    if let power = grid?.power, step <= Self.tolerance {
      lastPower = max(0, power)
      uncounted += lastPower * hours
    } else {
      guessed += max(lastPower, baseLoad) * hours
    }
    guard let value = grid?.importCounter.value else { return }
    defer { counter = value }
    guard let counter, value != counter else {
      guessed = 0
      moved = moved ?? now
      return
    }
    let time = now - (moved ?? now)
    moved = now
    let expected = uncounted + guessed
    let gain = value - counter
    if gain < 0 || gain > Self.limit(most, time, expected: expected) {
      isDoubtful = true
      counted = energy
      if begin != nil { begin = value - counted }
    } else {
      counted += max(0, gain - carried)
    }
    guessed = 0
    uncounted = 0
    carried = 0
  }

  /// The most that a counter can have gained, Wh.
  private static func limit(_ most: Double?, _ time: Duration, expected: Double) -> Double {
    (most.map { $0 * time.seconds / 3600 } ?? surprise * expected) + tick
  }

  private mutating func resume(_ now: Moment, _ assumed: Double, _ most: Double?) {
    guard let counter else {
      if counted == 0 { counted = assumed * Self.elapsed(now).seconds / 3600 }
      return
    }
    isResuming = false
    let elapsed = Self.elapsed(now)
    let limit = Self.limit(most, elapsed, expected: assumed * elapsed.seconds / 3600)
    guard let begin, counter >= begin, counter - begin <= limit else {
      if counted == 0 { counted = assumed * elapsed.seconds / 3600 }
      self.begin = counter - counted
      return
    }
    counted = counter - begin
    uncounted = 0
    since = now.monotonic - elapsed
  }

  /// The quarter hour is over, or the clock jumped, or nothing is known of what was before.
  private mutating func finish(
    isNext: Bool, added: Double, _ step: Duration, _ now: Moment, _ zone: TimeZoneTable, _ assumed: Double,
    _ most: Double?
  ) {
    let elapsed = Self.elapsed(now)
    let share = step > .zero ? min(1, elapsed / step) : 0
    let own = max(0, added) * share
    let mean = 4 * (energy - own)
    let isWhole = since.map { (now.monotonic - elapsed - $0 - .milliseconds(Self.quarter)).magnitude <= Self.tolerance }
    if isNext, isWhole == true, !isDoubtful, mean <= most ?? .infinity {
      count(mean, LocalClock(now.wall - elapsed - .milliseconds(1), zone).month)
    }
    isDoubtful = false
    // After a jump of the clock, and at the start, what this quarter hour has had so far is not known.
    let isKnown = isNext && elapsed <= step
    counted = isKnown ? own : assumed * elapsed.seconds / 3600
    since = isKnown || elapsed <= Self.tolerance ? now.monotonic - elapsed : nil
    carried = uncounted
    guessed = 0
    isResuming = false
    begin = counter.map { $0 + uncounted - counted }
  }

  private mutating func count(_ mean: Double, _ month: Int) {
    highest = month == self.month ? max(highest, mean) : mean
    self.month = month
  }
}

extension Duration {
  fileprivate var magnitude: Duration { self < .zero ? .zero - self : self }
}
