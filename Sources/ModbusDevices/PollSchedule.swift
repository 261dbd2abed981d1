import EnergyModel

/// Whose turn it is on a bus. The longest overdue comes first, among equals the one whose last turn is
/// longest ago; a silent device gets one probe at growing intervals instead of its turns, and while the
/// whole connection is down nothing but the connection is tried.
struct PollSchedule: Sendable {
  enum Turn: Hashable, Sendable {
    case connect
    case poll(Int)
    /// Nothing to do before; nil where there never is.
    case wait(until: MonotonicInstant?)
  }

  private struct Entry: Sendable {
    var period: Duration
    var due: MonotonicInstant
    var lastTurn: UInt64 = 0
    var backOff = BackOff()
  }

  private var entries: [Entry]
  private var link = BackOff()
  private var turns: UInt64 = 0

  /// - Parameter start: everybody is due.
  init(periods: [Duration], start: MonotonicInstant) {
    entries = periods.map { Entry(period: $0, due: start) }
  }

  mutating func next(at now: MonotonicInstant) -> Turn {
    if let until = link.until { return until <= now ? .connect : .wait(until: until) }
    var earliest: Int?
    for index in entries.indices where earliest.map({ precedes(index, $0) }) ?? true { earliest = index }
    guard let earliest else { return .wait(until: nil) }
    guard entries[earliest].due <= now else { return .wait(until: entries[earliest].due) }
    turns += 1
    entries[earliest].lastTurn = turns
    return .poll(earliest)
  }

  private func precedes(_ a: Int, _ b: Int) -> Bool {
    (entries[a].due, entries[a].lastTurn) < (entries[b].due, entries[b].lastTurn)
  }

  /// The device answered: its next turn keeps to the grid of its period, and turns that were missed
  /// are not made up for.
  mutating func answered(_ index: Int, at now: MonotonicInstant) {
    entries[index].backOff.reset()
    let period = entries[index].period.nanoseconds
    guard period > 0 else { return entries[index].due = now }
    let late = max(0, (now - entries[index].due).nanoseconds)
    entries[index].due = entries[index].due + .nanoseconds((late / period + 1) * period)
  }

  /// The device did not answer.
  mutating func silent(_ index: Int, at now: MonotonicInstant, jitter: Double) {
    entries[index].backOff.failed(at: now, jitter: jitter)
    entries[index].due = entries[index].backOff.until ?? now
  }

  /// True between a silence of the device and its next probe.
  func isResting(_ index: Int, at now: MonotonicInstant) -> Bool {
    link.isWaiting(at: now) || entries[index].backOff.isWaiting(at: now)
  }

  /// Nobody accepts the connection.
  mutating func linkFailed(at now: MonotonicInstant, jitter: Double) { link.failed(at: now, jitter: jitter) }

  /// The connection stands again: everybody is asked at once.
  mutating func linkCameUp(at now: MonotonicInstant) {
    link.reset()
    for index in entries.indices {
      entries[index].backOff.reset()
      entries[index].due = now
    }
  }
}
