import EnergyModel

/// What the broker has taken and the receiver has not confirmed, and when to stop waiting for its word.
///
/// A receiver that speaks but leaves something out has lost it: that is sent again. One that is silent is asked
/// with the oldest message alone, less and less often, so that an hour without it does not cost the month's data.
struct AwaitedDeliveries: Sendable {
  private struct Entry {
    var delivery: Delivery
    var sent: MonotonicInstant
    var due: MonotonicInstant
  }

  /// The longest that a silent receiver is left alone.
  static let longestPatience = Duration.seconds(600)
  /// Segments that one entry stands for at most, once neighbours are joined.
  private static let mostJoined = 256

  private let resendAfter: Duration
  /// How long what is sent now waits for the receiver's word.
  private(set) var patience: Duration
  private var heard: MonotonicInstant?
  /// In the order of `due`, because patience grows only while nothing is heard, and `due` is cut when it shrinks.
  private var entries: [Entry] = []

  init(resendAfter: Duration) {
    self.resendAfter = resendAfter
    patience = resendAfter
  }

  var deliveries: [Delivery] { entries.map(\.delivery) }
  /// When the next one is overdue.
  var deadline: MonotonicInstant? { entries.first?.due }

  mutating func add(_ delivery: Delivery, at now: MonotonicInstant) {
    // Behind a receiver that is away for days there would be an entry for each message of these days.
    if patience > resendAfter, let last = entries.last?.delivery, last.epoch == delivery.epoch,
      last.range.last + 1 == delivery.range.first, last.segments < Self.mostJoined
    {
      entries[entries.count - 1].delivery.range.last = delivery.range.last
      entries[entries.count - 1].delivery.segments += delivery.segments
      return
    }
    entries.append(Entry(delivery: delivery, sent: now, due: now + patience))
  }

  /// - Returns: what is confirmed as a whole and waits no more.
  mutating func confirmed(_ ranges: SequenceRangeSet, of epoch: Epoch, at now: MonotonicInstant) -> [Delivery] {
    heard = now
    patience = resendAfter
    var confirmed: [Delivery] = []
    entries.removeAll { entry in
      guard entry.delivery.epoch == epoch, ranges.contains(entry.delivery.range) else { return false }
      confirmed.append(entry.delivery)
      return true
    }
    for index in entries.indices { entries[index].due = min(entries[index].due, now + patience) }
    return confirmed
  }

  /// - Returns: what is to be sent again.
  mutating func takeOverdue(at now: MonotonicInstant) -> [Delivery] {
    let overdue = entries.prefix { $0.due <= now }
    var lost = overdue.filter { heard ?? $0.sent > $0.sent }
    if lost.isEmpty, let oldest = overdue.first {
      lost = [oldest]
      patience = min(patience * 2, Self.longestPatience)
      for index in entries.indices { entries[index].due = max(entries[index].due, now + patience) }
    }
    let lostNow = Set(lost.map(\.delivery))
    entries.removeAll { lostNow.contains($0.delivery) }
    return lost.map(\.delivery)
  }

  mutating func forget(_ ranges: SequenceRangeSet, of epoch: Epoch) {
    entries.removeAll { $0.delivery.epoch == epoch && ranges.overlaps($0.delivery.range) }
  }

  mutating func reconnected(at now: MonotonicInstant) {
    patience = resendAfter
    for index in entries.indices { entries[index].due = now + patience }
  }
}
