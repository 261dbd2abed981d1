import EnergyModel

/// What the broker has taken and the receiver has not confirmed, and when to stop waiting for its word.
///
/// A receiver that speaks but leaves something out has lost it: that is sent again, and what it leaves out time after
/// time less and less often. One that is silent is asked with the oldest message alone, less and less often too, so
/// that neither an hour without it nor a segment that it cannot take costs the month's data.
struct AwaitedDeliveries: Sendable {
  private struct Entry {
    var delivery: Delivery
    var sent: MonotonicInstant
    var due: MonotonicInstant
    /// How often it, or a part of it, was lost before.
    var losses: Int
  }

  /// The longest that a silent receiver is left alone, or one segment.
  static let longestPatience = Duration.seconds(600)
  /// What was lost so often goes in a message of its own from then on, and such messages keep ``doubtfulPause``: many
  /// of them come from a receiver that is at fault itself.
  static let lossesOfDoubt = 2
  static let doubtfulPause = Duration.seconds(1)
  /// More than this is not told apart: the pause is the longest by then.
  private static let mostLosses = 8
  /// Segments that one entry stands for at most, once neighbours are joined.
  private static let mostJoined = 256
  /// So many of the newest entries are looked at for a neighbour: as many logs may take turns.
  private static let mostTakingTurns = 16

  private let resendAfter: Duration
  /// How long what is sent now waits for the receiver's word.
  private(set) var patience: Duration
  private var heard: MonotonicInstant?
  /// In the order of `due`.
  private var entries: [Entry] = []
  /// What was lost once or more often, twice or more often, … and is not confirmed since.
  private var lost: [Epoch: [SequenceRangeSet]] = [:]

  init(resendAfter: Duration) {
    self.resendAfter = resendAfter
    patience = resendAfter
  }

  var deliveries: [Delivery] { entries.map(\.delivery) }
  /// When the next one is overdue.
  var deadline: MonotonicInstant? { entries.first?.due }

  /// How often the receiver has left out some of this range although it spoke.
  func losses(_ range: SequenceRange, of epoch: Epoch) -> Int {
    guard let lost = lost[epoch] else { return 0 }
    return lost.lastIndex { $0.overlaps(range) }.map { $0 + 1 } ?? 0
  }

  func isDoubtful(_ range: SequenceRange, of epoch: Epoch) -> Bool { losses(range, of: epoch) >= Self.lossesOfDoubt }

  mutating func add(_ delivery: Delivery, at now: MonotonicInstant) {
    let losses = losses(delivery.range, of: delivery.epoch)
    if patience > resendAfter, losses == 0, let index = neighbour(of: delivery) {
      entries[index].delivery.range.last = delivery.range.last
      entries[index].delivery.segments += delivery.segments
      return
    }
    var due = now + pause(losses)
    if losses >= Self.lossesOfDoubt, let last = entries.last(where: { $0.losses >= Self.lossesOfDoubt }) {
      due = max(due, last.due + Self.doubtfulPause)
    }
    let place = entries.lastIndex { $0.due <= due }.map { $0 + 1 } ?? 0
    entries.insert(Entry(delivery: delivery, sent: now, due: due, losses: losses), at: place)
  }

  /// Behind a receiver that is away for days there would be an entry for each message of these days.
  private func neighbour(of delivery: Delivery) -> Int? {
    entries.indices.suffix(Self.mostTakingTurns).last { index in
      let entry = entries[index]
      return entry.losses == 0 && entry.delivery.epoch == delivery.epoch
        && entry.delivery.range.last + 1 == delivery.range.first && entry.delivery.segments < Self.mostJoined
    }
  }

  private func pause(_ losses: Int) -> Duration {
    max(patience, min(resendAfter * (1 << losses), Self.longestPatience))
  }

  /// - Returns: what is confirmed as a whole and waits no more.
  mutating func confirmed(_ ranges: SequenceRangeSet, of epoch: Epoch, at now: MonotonicInstant) -> [Delivery] {
    heard = now
    let isShorter = patience > resendAfter
    patience = resendAfter
    forgetLosses(ranges, of: epoch)
    var confirmed: [Delivery] = []
    entries.removeAll { entry in
      guard entry.delivery.epoch == epoch, ranges.contains(entry.delivery.range) else { return false }
      confirmed.append(entry.delivery)
      return true
    }
    if isShorter { entries = entries(due: { min($0.due, now + pause($0.losses)) }) }
    return confirmed
  }

  /// - Returns: what is to be sent again, and whether the receiver has left it out although it spoke.
  mutating func takeOverdue(at now: MonotonicInstant) -> (deliveries: [Delivery], areLost: Bool) {
    let overdue = entries.prefix { $0.due <= now }
    guard !overdue.isEmpty else { return ([], false) }
    let lost = overdue.filter { heard ?? $0.sent > $0.sent }.map(\.delivery)
    guard lost.isEmpty else {
      for delivery in lost { noteLoss(delivery) }
      let lostNow = Set(lost)
      entries.removeAll { lostNow.contains($0.delivery) }
      return (lost, true)
    }
    let asked = takeOldest()
    patience = min(patience * 2, Self.longestPatience)
    entries = entries(due: { max($0.due, now + patience) })
    return ([asked], false)
  }

  /// One message of the oldest entry: all that was joined there would be minutes of data again with each question.
  private mutating func takeOldest() -> Delivery {
    var oldest = entries[0].delivery
    guard oldest.segments > 1, oldest.range.count >= UInt64(oldest.segments) else {
      return entries.removeFirst().delivery
    }
    // Where the first segment ends is not kept; the store hands out whole ones.
    oldest.range.last = oldest.range.first + oldest.range.count / UInt64(oldest.segments) - 1
    oldest.segments = 1
    entries[0].delivery.range.first = oldest.range.last + 1
    entries[0].delivery.segments -= 1
    return oldest
  }

  private mutating func noteLoss(_ delivery: Delivery) {
    let losses = min(losses(delivery.range, of: delivery.epoch), Self.mostLosses - 1)
    var sets = lost[delivery.epoch] ?? []
    if sets.count == losses { sets.append(SequenceRangeSet()) }
    // The whole delivery, whatever part of it was lost before.
    for index in 0...losses { sets[index].insert(delivery.range) }
    lost[delivery.epoch] = sets
  }

  private mutating func forgetLosses(_ ranges: SequenceRangeSet, of epoch: Epoch) {
    guard let sets = lost[epoch] else { return }
    let rest = sets.map { $0.subtracting(ranges) }.prefix { !$0.isEmpty }
    lost[epoch] = rest.isEmpty ? nil : Array(rest)
  }

  mutating func forget(_ ranges: SequenceRangeSet, of epoch: Epoch) {
    forgetLosses(ranges, of: epoch)
    entries.removeAll { $0.delivery.epoch == epoch && ranges.overlaps($0.delivery.range) }
  }

  mutating func reconnected(at now: MonotonicInstant) {
    patience = resendAfter
    // What silence has put off is asked for soon; what is lost time after time is not, whatever the line does.
    entries = entries(due: {
      $0.losses == 0 ? now + patience : max(min($0.due, now + pause($0.losses)), now + patience)
    })
  }

  private func entries(due: (Entry) -> MonotonicInstant) -> [Entry] {
    var entries = entries
    for index in entries.indices { entries[index].due = due(entries[index]) }
    entries.sort { ($0.due, $0.sent) < ($1.due, $1.sent) }
    return entries
  }
}
