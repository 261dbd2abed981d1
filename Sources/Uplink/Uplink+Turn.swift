import EnergyModel

/// One turn: note what arrived, tell the status, send what may go, and say when to come back.
extension Uplink {
  /// Segments fetched at once from one log: twice of what moved the last time, within these bounds.
  static let fetchLimits = 32...512

  func turn() async {
    let now = time.now().monotonic
    linkRests = nil
    // Before the journal is asked for anything, and while it rests: an answer is not to wait for a disk.
    if scheduler.isConnected && !isLeaving { publishResults() }
    if let rest = storeRests, now < rest { return setBell() }
    scheduler.askLinkAgain()
    do {
      try await restoreData()
      try await answerRequests()
      if scheduler.isConnected { tellUnconfirmed(scheduler.giveUpOverdue(at: now)) }
      try await noteArrivals()
      if scheduler.isConnected && !isLeaving { try await send() }
      tendData()
      if storeRests != nil { count { $0.lastError = linkFault } }
      storeRests = nil
      retry.succeeded()
    } catch {
      storeRests = time.now().monotonic + retry.failed()
      count { $0.lastError = "the journal cannot be read: \(error)" }
    }
    setBell()
  }

  /// Ranges that the journal is told at once.
  private static let mostNoted = 256

  private func noteArrivals() async throws {
    for (epoch, arrived) in scheduler.ledger.arrived {
      // A receiver may name thousands of ranges at once; the journal must be free for others in between.
      for start in stride(from: 0, to: arrived.ranges.count, by: Self.mostNoted) {
        let part = Array(arrived.ranges[start..<min(start + Self.mostNoted, arrived.ranges.count)])
        try await store.acknowledge(part, of: epoch, by: settings.destination)
      }
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
      knownEpochs.formUnion(logs.map(\.epoch))
      eventEpochs.formUnion(logs.filter { $0.kind == .events }.map(\.epoch))
      if !isLeaving {
        publishStatus(logs)
        publishForecast()
      }
      if scheduler.isWaitingForRoom { return }
      var waiting = try await fetch(logs, at: now)
      // What was in flight on the connection before is missing in the answer and has to go first.
      guard connection == scheduler.connections, !isLeaving else { continue }
      let moved = handOver(&waiting, at: now)
      hasMoved = moved > 0
      fetchLimit = min(max(Self.fetchLimits.lowerBound, moved * 2), Self.fetchLimits.upperBound)
      try await answerRequests()
      try await noteArrivals()
    }
  }

  private func fetch(_ logs: [LogState], at now: Moment) async throws -> Waiting {
    var waiting = Waiting()
    let since = scheduler.liveSince(now.wall)
    let room = scheduler.roomForLive
    var isLiveFull = false
    for log in logs {
      switch log.kind {
      case .telemetry where affords(.live):
        let segments = try await unacknowledged(of: log, since: since, limit: room)
        // What is thinned goes by the backlog, however young it looks, and must not keep it shut.
        let fine = segments.filter { !$0.isThinned }
        isLiveFull = isLiveFull || fine.count == room
        waiting.live += fine
      case .events where affords(.events):
        waiting.events += try await unacknowledged(of: log, since: since, limit: room)
      case .telemetry, .events: break
      }
    }
    waiting.live.sort { ($0.lastTime, $0.epoch, $0.range.first) < ($1.lastTime, $1.epoch, $1.range.first) }
    // Behind a live lane that takes all the room nothing of the backlog would go.
    guard !isLiveFull, scheduler.isBacklogOpen(at: now.monotonic) else { return waiting }
    for log in logs where affords(log.kind == .events ? .events : .backlog) {
      let segments = try await unacknowledged(of: log, since: nil, limit: fetchLimit)
      // The log whose backlog is the oldest comes first; the others wait for their turn.
      guard let first = segments.first, LaneScheduler.isBacklog(first, since: since) else { continue }
      if first.firstTime < waiting.backlog.first?.firstTime ?? Timestamp(milliseconds: .max) {
        waiting.backlog = segments[...]
      }
    }
    return waiting
  }

  private func unacknowledged(of log: LogState, since: Timestamp?, limit: Int) async throws -> [Segment] {
    try await store.unacknowledged(
      by: settings.destination, of: log.epoch, excluding: scheduler.ledger.excluded(of: log.epoch), since: since,
      limit: limit)
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
    countData(message.topic, payload)
    status.published(logs, at: now.monotonic)
  }

  /// The next deadline. Without one, a commit or the link wakes it.
  private func setBell() {
    let now = time.now().monotonic
    var deadlines: [MonotonicInstant?] = [storeRests]
    if scheduler.isConnected && !isLeaving && storeRests == nil {
      // While the link has no room, a status that is due waits for it as well.
      deadlines.append(linkRests ?? status.deadline(every: settings.statusInterval))
      if scheduler.backlogOpens > now { deadlines.append(scheduler.backlogOpens) }
      deadlines.append(scheduler.ledger.awaited.deadline)
    }
    let next = deadlines.compactMap { $0 }.min()
    bell.set(after: next.map { $0 - now })
  }
}
