import EnergyDispatch
import EnergyModel

extension CommandedSite {
  /// The agent starts anew at once: what held goes on, to an end that is rounded up to a second. At no time from then on
  /// anything legal is laxer than it would have been; where there is a clock, nor is anything else, and nothing is added.
  mutating func restart(trusted: Bool) throws(FuzzFinding) {
    _ = standing()
    let saved = book.saved(at: now)
    let before = book
    book = Self.emptyBook()
    now.isClockTrusted = now.isClockTrusted && trusted
    let losses = book.restore(saved, at: now)
    try FuzzFinding.require(losses.isEmpty, "a restart loses \(losses)")
    try check(standing())
    try compare(before, book)
    try checkRepetition()
  }

  private func compare(_ before: OrderBook, _ after: OrderBook) throws(FuzzFinding) {
    var (before, after) = (before, after)
    var changes: Set<Int64> = [0]
    let orders = before.standing(at: now)
    for channel in orders.channels.values {
      changes.formUnion(channel.limits.values.compactMap { seconds(until: $0.ends) })
    }
    for limit in orders.coming.limits {
      changes.formUnion([seconds(until: limit.starts), seconds(until: limit.ends)].compactMap(\.self))
    }
    // Whole seconds later, so that what is rounded up has come to its end.
    for change in changes.sorted() where change >= 0 && !changes.contains(change + 1) && !changes.contains(change + 2) {
      let then = Moment(
        wall: now.wall + .seconds(change + 1), monotonic: now.monotonic + .seconds(change + 1),
        isClockTrusted: now.isClockTrusted)
      let (old, new) = (before.standing(at: then), after.standing(at: then))
      for channel in Self.parameters.channels where now.isClockTrusted || channel.class == .legal {
        let limits = old.channels[channel.name]?.limits ?? [:]
        let limitsNow = new.channels[channel.name]?.limits ?? [:]
        for (quantity, limit) in limits {
          let isKept =
            limitsNow[quantity].map { now.isClockTrusted ? $0.id == limit.id : $0.value <= limit.value } ?? false
          try FuzzFinding.require(
            isKept,
            "\(change) s after a restart \(quantity.rawValue) is \(String(describing: limitsNow[quantity])), not \(limit)"
          )
        }
        try FuzzFinding.require(
          !now.isClockTrusted || limits.count == limitsNow.count, "\(change) s after a restart there are \(limitsNow)")
      }
    }
  }

  private func seconds(until instant: MonotonicInstant?) -> Int64? {
    instant.map { ($0 - now.monotonic).components.seconds + 1 }
  }
}
