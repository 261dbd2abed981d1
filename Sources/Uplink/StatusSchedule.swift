import EnergyModel

/// When `status` is due: on every connection, when logs come or go, and once an interval.
struct StatusSchedule: Sendable {
  /// As last published.
  private(set) var logs: [LogState] = []
  private var published: MonotonicInstant?

  mutating func connected() { published = nil }

  func isDue(_ current: [LogState], at now: MonotonicInstant, every interval: Duration) -> Bool {
    guard let published else { return true }
    return now - published >= interval || current.map(\.epoch) != logs.map(\.epoch)
  }

  mutating func published(_ current: [LogState], at now: MonotonicInstant) {
    logs = current
    published = now
  }

  /// When it is due even if nothing changes; nil before the first one of a connection.
  func deadline(every interval: Duration) -> MonotonicInstant? { published.map { $0 + interval } }
}
