import EnergyModel

/// One message under way: which part of which log it carries.
struct Delivery: Hashable, Sendable {
  var lane: LaneScheduler.Lane
  var epoch: Epoch
  var range: SequenceRange
  var segments: Int
  /// On the wire.
  var bytes: Int
}

/// What is under way, and what arrived but is not noted by the store yet. Neither may be sent again.
struct DeliveryLedger: Sendable {
  private var inFlight: [UInt64: Delivery] = [:]
  private(set) var bytesInFlight = 0
  private(set) var arrived: [Epoch: SequenceRangeSet] = [:]

  /// What the store must leave out when asked for more.
  func excluded(of epoch: Epoch) -> SequenceRangeSet {
    var excluded = arrived[epoch] ?? SequenceRangeSet()
    for delivery in inFlight.values where delivery.epoch == epoch { excluded.insert(delivery.range) }
    return excluded
  }

  mutating func sent(_ delivery: Delivery, as id: UInt64) {
    inFlight[id] = delivery
    bytesInFlight += delivery.bytes
  }

  mutating func acknowledged(_ id: UInt64) -> Delivery? {
    guard let delivery = inFlight.removeValue(forKey: id) else { return nil }
    bytesInFlight -= delivery.bytes
    arrived[delivery.epoch, default: SequenceRangeSet()].insert(delivery.range)
    return delivery
  }

  mutating func forgetInFlight() {
    inFlight.removeAll()
    bytesInFlight = 0
  }

  /// Ranges that arrived while the store was busy noting others stay.
  mutating func noted(_ ranges: SequenceRangeSet, of epoch: Epoch) {
    guard let all = arrived[epoch] else { return }
    let rest = SequenceRangeSet(all.ranges.flatMap { ranges.gaps(in: $0) })
    arrived[epoch] = rest.isEmpty ? nil : rest
  }
}
