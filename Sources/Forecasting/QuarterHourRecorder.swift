import EnergyModel

/// Turns observations into quarter hours. Each observation stands for the time until the next one, but
/// not for longer than ``maximumGap``; how long that was says the monotonic clock. A jump of the wall
/// clock ends the quarter hour early, so that it is set aside: a jump never creates a value.
struct QuarterHourRecorder: Sendable {
  /// Longer than this nobody vouches for the last observation.
  static let maximumGap: Duration = .seconds(30)
  /// Slewing moves the wall clock by far less between two observations.
  static let toleratedStep: Duration = .seconds(2)

  private struct Observation {
    var at: Moment
    var load: Watts?
    var pv: Watts?
  }

  private var start: Timestamp?
  private var load = CoveredMean()
  private var pv = CoveredMean()
  private var last: Observation?

  /// The quarter hour that this observation brought to its end, if it says anything.
  mutating func observe(load: Watts?, pv: Watts?, at now: Moment) -> QuarterHour? {
    guard now.isClockTrusted else {
      abandon()
      return nil
    }
    let next = Observation(at: now, load: usable(load), pv: usable(pv))
    defer { last = next }
    guard let last, let current = start, isContinuous(from: last.at, to: now) else {
      abandon()
      start = QuarterHour.start(containing: now.wall)
      return nil
    }
    let end = current + QuarterHour.length
    guard now.wall >= end else {
      add(last, for: now.monotonic - last.at.monotonic)
      return nil
    }
    let before = min(max(end - last.at.wall, .zero), now.monotonic - last.at.monotonic)
    add(last, for: before)
    let finished = close(current)
    start = QuarterHour.start(containing: now.wall)
    if start == end { add(last, for: now.monotonic - last.at.monotonic - before) }
    return finished
  }

  private func usable(_ power: Watts?) -> Watts? {
    guard let power, power.value.isFinite else { return nil }
    return power
  }

  private func isContinuous(from last: Moment, to now: Moment) -> Bool {
    let passed = now.monotonic - last.monotonic
    let drift = (now.wall - last.wall) - passed
    return passed >= .zero && passed <= Self.maximumGap && drift <= Self.toleratedStep
      && drift >= .zero - Self.toleratedStep
      && now.wall >= (start ?? now.wall)
  }

  private mutating func add(_ observation: Observation, for span: Duration) {
    if let power = observation.load { load.add(power, for: span) }
    if let power = observation.pv { pv.add(power, for: span) }
  }

  private mutating func close(_ begin: Timestamp) -> QuarterHour? {
    let quarter = QuarterHour(
      start: begin, load: load.value(over: QuarterHour.length), pv: pv.value(over: QuarterHour.length))
    abandon()
    return quarter.load == nil && quarter.pv == nil ? nil : quarter
  }

  private mutating func abandon() {
    start = nil
    last = nil
    load = CoveredMean()
    pv = CoveredMean()
  }
}
