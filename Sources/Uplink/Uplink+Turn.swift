import EnergyModel

/// One turn: note what arrived, tell the status, send what may go, and say when to come back.
extension Uplink {
  /// Segments fetched at once from one log.
  private static let fetchLimit = 32

  func turn() async {
    let now = time.now().monotonic
    if let rest = storeRests, now < rest { return setBell() }
    linkRests = nil
    do {
      try await noteArrivals()
      if scheduler.isConnected && !isLeaving { try await send() }
      if storeRests != nil { count { $0.lastError = nil } }
      storeRests = nil
      retry.succeeded()
    } catch {
      storeRests = time.now().monotonic + retry.failed()
      count { $0.lastError = "the journal cannot be read: \(error)" }
    }
    setBell()
  }

  private func noteArrivals() async throws {
    for (epoch, arrived) in scheduler.ledger.arrived {
      try await store.acknowledge(arrived.ranges, of: epoch, by: settings.destination)
      scheduler.noted(arrived, of: epoch)
    }
  }

  /// Fetches and sends until nothing moves any more. Each pass looks at the live lane anew, so that what
  /// was committed meanwhile overtakes the backlog.
  private func send() async throws {
    var hasMoved = true
    while hasMoved && !isLeaving {
      // One moment for the whole pass, so that no segment is young and old in it.
      let now = time.now()
      let connection = scheduler.connections
      let logs = try await store.logs(for: settings.destination)
      if !isLeaving { publishStatus(logs) }
      var waiting = try await fetch(logs, at: now)
      // What was in flight on the connection before is missing in the answer and has to go first.
      guard connection == scheduler.connections, !isLeaving else { continue }
      hasMoved = false
      while let next = scheduler.next(of: waiting, at: now), handOver(next, from: &waiting) { hasMoved = true }
      try await noteArrivals()
    }
  }

  private func fetch(_ logs: [LogState], at now: Moment) async throws -> Waiting {
    var waiting = Waiting()
    let since = scheduler.liveSince(now.wall)
    for log in logs {
      let young = try await unacknowledged(of: log, since: since)
      switch log.kind {
      case .telemetry: waiting.live += young
      case .events: waiting.events += young
      }
      guard scheduler.isBacklogOpen(at: now.monotonic) else { continue }
      let segments = try await unacknowledged(of: log, since: nil)
      // The log whose backlog is the oldest comes first; the others wait for their turn.
      guard let first = segments.first, first.lastTime < since else { continue }
      if first.firstTime < waiting.backlog.first?.firstTime ?? Timestamp(milliseconds: .max) {
        waiting.backlog = segments
      }
    }
    waiting.live.sort { ($0.lastTime, $0.epoch, $0.range.first) < ($1.lastTime, $1.epoch, $1.range.first) }
    return waiting
  }

  private func unacknowledged(of log: LogState, since: Timestamp?) async throws -> [Segment] {
    try await store.unacknowledged(
      by: settings.destination, of: log.epoch, excluding: scheduler.ledger.excluded(of: log.epoch), since: since,
      limit: Self.fetchLimit)
  }

  /// False when the window or the link has no room; then nothing was taken from what waits.
  private func handOver(_ next: LaneScheduler.Next, from waiting: inout Waiting) -> Bool {
    switch next {
    case .live(let segment):
      guard publish(segment, to: "telemetry", in: .live) else { return false }
      waiting.live.removeFirst()
    case .event(let segment):
      guard publish(segment, to: "events", in: .events) else { return false }
      waiting.events.removeFirst()
    case .backlog(let segments):
      guard let frame = BackfillFrame(segments, site: settings.site, limit: settings.backfillFrameBytes),
        publish(
          compressor.compress(frame.lines), to: "backfill", in: .backlog, epoch: segments[0].epoch, range: frame.range,
          segments: frame.segments)
      else { return false }
      waiting.backlog.removeFirst(frame.segments)
    }
    return true
  }

  private func publish(_ segment: Segment, to topic: String, in lane: LaneScheduler.Lane) -> Bool {
    publish(
      SegmentFrame.payload(segment, site: settings.site), to: topic, in: lane, epoch: segment.epoch,
      range: segment.range, segments: 1)
  }

  private func publish(
    _ payload: [UInt8], to topic: String, in lane: LaneScheduler.Lane, epoch: Epoch, range: SequenceRange,
    segments: Int
  ) -> Bool {
    guard scheduler.fits(payload.count, in: lane) else { return false }
    let now = time.now().monotonic
    let id = newID()
    guard link.publish(OutgoingMessage(id: id, topic: settings.topic(topic), payload: payload)) else {
      linkRests = now + .seconds(1)
      return false
    }
    scheduler.sent(
      Delivery(lane: lane, epoch: epoch, range: range, segments: segments, bytes: payload.count), as: id, at: now)
    count {
      $0.sentSegments += UInt64(segments)
      $0.sentRecords += range.count
    }
    return true
  }

  private func publishStatus(_ logs: [LogState]) {
    let now = time.now()
    guard status.isDue(logs, at: now.monotonic, every: settings.statusInterval) else { return }
    let payload = StatusFrame.payload(
      isOnline: true, boot: store.boot, version: settings.version, time: now.wall, logs: logs)
    let message = OutgoingMessage(id: newID(), topic: settings.topic("status"), payload: payload, isRetained: true)
    guard link.publish(message) else {
      linkRests = now.monotonic + .seconds(1)
      return
    }
    status.published(logs, at: now.monotonic)
  }

  /// The next deadline. Without one, a commit or the link wakes it.
  private func setBell() {
    let now = time.now().monotonic
    var deadlines: [MonotonicInstant?] = [storeRests]
    if scheduler.isConnected && !isLeaving && storeRests == nil {
      deadlines += [linkRests, status.deadline(every: settings.statusInterval)]
      if scheduler.backlogOpens > now { deadlines.append(scheduler.backlogOpens) }
    }
    let next = deadlines.compactMap { $0 }.min()
    bell.set(after: next.map { $0 - now })
  }
}
