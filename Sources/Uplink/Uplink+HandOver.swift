import EnergyModel

/// From segments to messages in the hands of the link.
extension Uplink {
  private enum Outcome {
    case sent
    /// Neither this nor anything behind it goes now.
    case noRoom
    /// The month's data leave nothing for this lane.
    case tooDear
  }

  private struct Parcel {
    var lane: LaneScheduler.Lane
    var topic: String
    var payload: [UInt8]
    var epoch: Epoch
    var range: SequenceRange
    var segments: Int
  }

  /// Hands over what may go now.
  /// - Returns: how many segments that was.
  func handOver(_ waiting: inout Waiting, at now: Moment) -> Int {
    var moved = 0
    while let next = scheduler.next(of: waiting, at: now), let parcel = parcel(next) {
      switch publish(parcel) {
      case .sent:
        moved += parcel.segments
        waiting.remove(parcel.segments, from: parcel.lane)
      case .noRoom: return moved
      case .tooDear: waiting.close(parcel.lane)
      }
    }
    return moved
  }

  private func parcel(_ next: LaneScheduler.Next) -> Parcel? {
    switch next {
    case .live(let segment): parcel(segment, to: "telemetry", in: .live)
    case .event(let segment): parcel(segment, to: "events", in: .events)
    case .backlog(let segments):
      BackfillFrame(segments, site: settings.site, limit: settings.backfillFrameBytes).map { frame in
        Parcel(
          lane: .backlog, topic: settings.topic("backfill"), payload: compressor.compress(frame.lines),
          epoch: segments[0].epoch, range: frame.range, segments: frame.segments)
      }
    }
  }

  private func parcel(_ segment: Segment, to topic: String, in lane: LaneScheduler.Lane) -> Parcel {
    Parcel(
      lane: lane, topic: settings.topic(topic), payload: SegmentFrame.payload(segment, site: settings.site),
      epoch: segment.epoch, range: segment.range, segments: 1)
  }

  private func publish(_ parcel: Parcel) -> Outcome {
    let bytes = parcel.payload.count
    let lane = eventEpochs.contains(parcel.epoch) ? .events : parcel.lane
    guard affords(lane, bytes: parcel.topic.utf8.count + bytes) else { return .tooDear }
    guard scheduler.fits(bytes, in: parcel.lane) else {
      scheduler.foundNoRoom(in: parcel.lane)
      return .noRoom
    }
    let now = time.now().monotonic
    let id = newID()
    guard link.publish(OutgoingMessage(id: id, topic: parcel.topic, payload: parcel.payload)) else {
      scheduler.linkFoundNoRoom()
      linkRests = now + .seconds(1)
      return .noRoom
    }
    countData(parcel.topic, parcel.payload)
    let delivery = Delivery(
      lane: parcel.lane, epoch: parcel.epoch, range: parcel.range, segments: parcel.segments, bytes: bytes)
    scheduler.sent(delivery, as: id, at: now)
    count {
      $0.sentSegments += UInt64(delivery.segments)
      $0.sentRecords += delivery.range.count
    }
    return .sent
  }
}
