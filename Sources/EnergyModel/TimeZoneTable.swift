/// A site's time zone as plain data: the offsets from UTC and when they change. Computed once from
/// the configuration, so that pure code knows days of 23 and 25 hours without a calendar library.
public struct TimeZoneTable: Hashable, Sendable {
  public struct Transition: Hashable, Sendable {
    public var at: Timestamp
    public var offset: Duration

    public init(at: Timestamp, offset: Duration) {
      self.at = at
      self.offset = offset
    }
  }

  public var name: String
  /// The offset that holds before the first transition.
  public var initialOffset: Duration
  /// In ascending order of time.
  public var transitions: [Transition]

  public init(name: String, initialOffset: Duration, transitions: [Transition] = []) {
    self.name = name
    self.initialOffset = initialOffset
    self.transitions = transitions
  }

  public static let utc = TimeZoneTable(name: "UTC", initialOffset: .zero)

  /// Local time minus UTC at an instant.
  public func offset(at time: Timestamp) -> Duration { offset(after: transitionsUntil(time)) }

  private func offset(after count: Int) -> Duration { count == 0 ? initialOffset : transitions[count - 1].offset }

  private func transitionsUntil(_ time: Timestamp) -> Int {
    var low = 0
    var high = transitions.count
    while low < high {
      let middle = (low + high) / 2
      if transitions[middle].at <= time { low = middle + 1 } else { high = middle }
    }
    return low
  }

  /// The instant one local day earlier: the same reading of the wall clock yesterday, which is 23,
  /// 24 or 25 hours ago.
  public func sameTimeYesterday(_ time: Timestamp) -> Timestamp {
    let guess = time - .seconds(86_400)
    let count = transitionsUntil(time)
    // On most days the clocks were not changed.
    if count == 0 || transitions[count - 1].at <= guess { return guess }
    return guess + (offset(after: count) - offset(at: guess))
  }
}
