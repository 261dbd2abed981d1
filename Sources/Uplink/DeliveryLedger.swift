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

/// What is under way, what waits for the receiver's word, and what arrived but is not noted by the store yet.
/// None of it may be sent again.
struct DeliveryLedger: Sendable {
  private struct Flight {
    var delivery: Delivery
    /// False once the receiver's word or a replay has overtaken it: its PUBACK then only frees the window.
    var counts = true
  }

  private let acknowledgedBy: Acknowledgement
  private var inFlight: [UInt64: Flight] = [:]
  private(set) var bytesInFlight = 0
  private(set) var awaited: AwaitedDeliveries
  private(set) var arrived: [Epoch: SequenceRangeSet] = [:]
  /// All of that together, kept along: it is asked for with every fetch.
  private var excluded: [Epoch: SequenceRangeSet] = [:]

  init(acknowledgedBy: Acknowledgement = .broker, resendAfter: Duration = .seconds(60)) {
    self.acknowledgedBy = acknowledgedBy
    awaited = AwaitedDeliveries(resendAfter: resendAfter)
  }

  var messagesInFlight: Int { inFlight.count }

  /// What the store must leave out when asked for more.
  func excluded(of epoch: Epoch) -> SequenceRangeSet { excluded[epoch] ?? SequenceRangeSet() }

  mutating func sent(_ delivery: Delivery, as id: UInt64) {
    inFlight[id] = Flight(delivery: delivery)
    bytesInFlight += delivery.bytes
    excluded[delivery.epoch, default: SequenceRangeSet()].insert(delivery.range)
  }

  /// The broker has it.
  /// - Returns: the delivery that this released; nil for one that is not under way, or that needs the word
  ///   of the receiver.
  mutating func acknowledged(_ id: UInt64, at now: MonotonicInstant) -> Delivery? {
    guard let flight = inFlight.removeValue(forKey: id) else { return nil }
    let delivery = flight.delivery
    bytesInFlight -= delivery.bytes
    guard flight.counts else { return nil }
    switch acknowledgedBy {
    case .broker:
      arrived[delivery.epoch, default: SequenceRangeSet()].insert(delivery.range)
      return delivery
    case .receiver:
      awaited.add(delivery, at: now)
      return nil
    }
  }

  /// The receiver has these ranges.
  /// - Returns: the deliveries that this released.
  mutating func confirmed(_ ranges: SequenceRangeSet, of epoch: Epoch, at now: MonotonicInstant) -> [Delivery] {
    var released = awaited.confirmed(ranges, of: epoch, at: now)
    for (id, flight) in inFlight where flight.counts && flight.delivery.epoch == epoch {
      guard ranges.contains(flight.delivery.range) else { continue }
      inFlight[id]?.counts = false
      released.append(flight.delivery)
    }
    arrived[epoch] = (arrived[epoch] ?? SequenceRangeSet()).union(ranges)
    excluded[epoch] = excluded(of: epoch).union(ranges)
    return released
  }

  /// The receiver asks for these ranges again: nothing that was sent of them counts any more.
  mutating func forget(_ ranges: SequenceRangeSet, of epoch: Epoch) {
    arrived[epoch] = arrived[epoch]?.subtracting(ranges)
    awaited.forget(ranges, of: epoch)
    for (id, flight) in inFlight where flight.delivery.epoch == epoch && ranges.overlaps(flight.delivery.range) {
      inFlight[id]?.counts = false
    }
    tellExcludedAnew()
  }

  /// A connection begins: what the receiver has not confirmed has its whole time again.
  mutating func connected(at now: MonotonicInstant) {
    forgetInFlight()
    awaited.reconnected(at: now)
  }

  mutating func forgetInFlight() {
    inFlight.removeAll()
    bytesInFlight = 0
    tellExcludedAnew()
  }

  /// Lets go what the receiver did not confirm in time, so that it is sent again.
  /// - Returns: what of it went alone and was left out all the same.
  mutating func giveUpOverdue(at now: MonotonicInstant) -> [Delivery] {
    let (overdue, areLost) = awaited.takeOverdue(at: now)
    if !overdue.isEmpty { tellExcludedAnew() }
    // Of a receiver that is silent nobody can say that it leaves something out.
    guard areLost else { return [] }
    return overdue.filter { awaited.losses($0.range, of: $0.epoch) > AwaitedDeliveries.lossesOfDoubt }
  }

  /// Ranges that arrived while the store was busy noting others stay.
  mutating func noted(_ ranges: SequenceRangeSet, of epoch: Epoch) {
    let rest = arrived[epoch]?.subtracting(ranges)
    arrived[epoch] = rest?.isEmpty ?? true ? nil : rest
    excluded[epoch] = excluded[epoch]?.subtracting(ranges)
  }

  private mutating func tellExcludedAnew() {
    excluded = arrived
    let waiting = awaited.deliveries + inFlight.values.filter(\.counts).map(\.delivery)
    for delivery in waiting { excluded[delivery.epoch, default: SequenceRangeSet()].insert(delivery.range) }
  }
}

extension SequenceRangeSet {
  func subtracting(_ other: SequenceRangeSet) -> SequenceRangeSet {
    SequenceRangeSet(ranges.flatMap { other.gaps(in: $0) })
  }

  func overlaps(_ range: SequenceRange) -> Bool { gaps(in: range) != [range] }
}
