import EnergyModel

/// What a heat pump has been through: since when it is blocked, let run or boosted, how often a block has ended within the
/// hour, and how long it was blocked.
///
/// The blocked time grows while the pump is blocked and shrinks while it runs, at the same pace. Once it has reached the
/// longest block, or is so near to it on a release that no block of the minimum time is left, the pump rests from being
/// blocked until it is back at zero: it runs for as long as it was blocked, and many short blocks count like one long. No
/// block counts for more than the longest, whoever is to blame for it.
///
/// A pump that is found blocked after a restart was blocked all the time that the agent was away. How long that was the wall clock
/// tells, if somebody vouched for it then and does now; otherwise, and with a lost memory, it is the worst case in the house's
/// favour: it has been so for as long as it may be. One that is found running, as on the first start, has not been
/// blocked: a legal limit does not wait for two hours because nobody remembers.
struct HeatPumpHistory: Hashable, Sendable {
  private static let hour: Duration = .seconds(3600)

  let pump: SiteParameters.HeatPump
  private(set) var state: Int?
  /// When it was last blocked or released, and boosted or not any more.
  private(set) var since: MonotonicInstant
  private(set) var boostSince: MonotonicInstant
  private(set) var blocked: Duration
  private(set) var isResting: Bool
  /// Ends of blocks within the last hour, each of which starts the compressor; oldest first.
  private(set) var starts: [MonotonicInstant]
  private var counted: MonotonicInstant
  private var isLost = true
  /// Before the first reading after a restart.
  private var isFirst = true
  /// How long the agent was away; nil where nobody knows.
  private var away: Duration?

  init(_ pump: SiteParameters.HeatPump, saved: Substring?, at moment: Moment) {
    let now = moment.monotonic
    self.pump = pump
    since = now
    boostSince = now
    counted = now
    blocked = pump.longestBlock
    isResting = true
    starts = Array(repeating: now, count: pump.startsAnHour ?? 0)
    guard var words = saved?.split(separator: " "), words.count >= 6, words[2] == "blocked", words[4] == "starts",
      let state = Int(words[0]), (1...4).contains(state), let rests = ["resting": true, "free": false][words[5]]
    else { return }
    away = Self.away(&words, moment)
    let ages = ([words[1], words[3]] + words[6...]).compactMap { Int64($0) }.filter { (0...100_000).contains($0) }
    guard ages.count == words.count - 4 else { return }
    self.state = state
    since = now - .seconds(ages[0] * 60)
    isLost = false
    blocked = min(.seconds(ages[1] * 60), pump.longestBlock)
    isResting = rests
    starts = ages[2...].map { now - .seconds($0 * 60) }
  }

  /// Takes `at MINUTES` off the end.
  private static func away(_ words: inout [Substring], _ now: Moment) -> Duration? {
    guard words.count >= 8, words[words.count - 2] == "at", let minutes = Int64(words[words.count - 1]) else {
      return nil
    }
    words.removeLast(2)
    guard now.isClockTrusted, (0...wallMinutes(now)).contains(minutes) else { return nil }
    return now.wall - Timestamp(milliseconds: minutes * 60_000)
  }

  /// Since 1970; zero before.
  private static func wallMinutes(_ now: Moment) -> Int64 { max(0, now.wall.milliseconds / 60_000) }

  var isBlocked: Bool { state == 1 }
  var isBoosted: Bool { state.map { $0 >= 3 } ?? false }

  /// While the contacts say nothing, a pump that was blocked is taken to be blocked still.
  mutating func observe(_ seen: SiteView.HeatPump, at now: MonotonicInstant) {
    count(until: now)
    if let first = starts.first, now - first >= Self.hour { starts.removeAll { now - $0 >= Self.hour } }
    guard let found = seen.state else { return }
    if isFirst {
      isFirst = false
      if found == 1 { addAway() }
    }
    guard found != state else { return }
    if isLost, found != 1 {
      blocked = .zero
      isResting = false
    }
    isLost = false
    if let state {
      if (found == 1) != (state == 1) {
        since = now
        if found != 1 { starts.append(now) }
      }
      if (found >= 3) != (state >= 3) { boostSince = now }
    }
    state = found
    if found != 1 { restWhereNoBlockIsLeft() }
  }

  /// A block would have to end before its minimum time is over.
  private mutating func restWhereNoBlockIsLeft() {
    if blocked > pump.longestBlock - pump.minimumOff { isResting = true }
  }

  private mutating func addAway() {
    blocked = away.map { min(blocked + $0, pump.longestBlock) } ?? pump.longestBlock
    if blocked >= pump.longestBlock { isResting = true }
  }

  private mutating func count(until now: MonotonicInstant) {
    let passed = now - counted
    counted = now
    if isBlocked {
      blocked = min(blocked + passed, pump.longestBlock)
      if blocked >= pump.longestBlock { isResting = true }
    } else if blocked > .zero {
      restWhereNoBlockIsLeft()
      blocked = max(.zero, blocked - passed)
      if blocked == .zero { isResting = false }
    }
  }

  /// What is left of the minimum time of the block, or of running; zero when it is over.
  func remaining(at now: MonotonicInstant) -> Duration {
    guard state != nil else { return .zero }
    return max(.zero, (isBlocked ? pump.minimumOff : pump.minimumOn) - (now - since))
  }

  /// For how long it may be blocked from now on; zero while it rests from being blocked.
  var longestLeft: Duration { isResting ? .zero : pump.longestBlock - blocked }

  /// How long until one more start stays within what it bears in an hour.
  func wait(forStartAt now: MonotonicInstant) -> Duration {
    guard let limit = pump.startsAnHour, limit > 0, starts.count >= limit else { return .zero }
    return max(.zero, Self.hour - (now - starts[starts.count - limit]))
  }

  /// What the saved text is made of: the state, minutes since the block began or ended, minutes of the blocked time
  /// (rounded up), whether it rests, minutes since each start, and where somebody vouches for the clock the minutes from 1970
  /// until now; of a pump that is not blocked the last quarter hour, so that the text does not change each minute.
  struct Line: Hashable, Sendable {
    var state: Int
    var age: Int64
    var blocked: Int64
    var isResting: Bool
    var starts: [Int64]
    var clock: Int64?

    /// `1 12 blocked 40 starts free 3 45 at 29700600`
    var text: String {
      let ages = starts.map { " \($0)" }.joined()
      return "\(state) \(age) blocked \(blocked) starts \(isResting ? "resting" : "free")\(ages)"
        + (clock.map { " at \($0)" } ?? "")
    }
  }

  func line(at moment: Moment) -> Line? {
    guard let state else { return nil }
    let now = moment.monotonic
    let cap = Int64((max(pump.minimumOn, pump.minimumOff).seconds / 60).rounded(.up))
    let wall = Self.wallMinutes(moment)
    return Line(
      state: state, age: SavedMemory.minutes(since: since, at: now, cap: cap),
      blocked: Int64((blocked.seconds / 60).rounded(.up)), isResting: isResting,
      starts: starts.map { SavedMemory.minutes(since: $0, at: now, cap: 60) },
      clock: moment.isClockTrusted ? (isBlocked ? wall : wall - wall % 15) : nil)
  }
}
