import EnergyModel

/// What waits in each lane, oldest first.
struct Waiting: Sendable {
  /// Young segments of telemetry.
  var live: [Segment] = []
  /// Young segments of the event log.
  var events: [Segment] = []
  /// Old segments of either kind, all of one log.
  var backlog: [Segment] = []
}

/// Decides what goes next. Three lanes: live telemetry before young events before the backlog. Each lane keeps
/// its order, so a message that does not fit holds up its lane and the ones behind, never the ones before.
struct LaneScheduler: Sendable {
  enum Lane: Hashable, Sendable { case live, events, backlog }

  enum Next: Hashable, Sendable {
    case live(Segment)
    case event(Segment)
    /// The front of the backlog; as many as fit go together.
    case backlog([Segment])
  }

  private let settings: UplinkSettings
  private var random: SplitMix64
  private(set) var isConnected = false
  /// How many connections there were.
  private(set) var connections = 0
  private(set) var ledger = DeliveryLedger()
  /// The backlog stays where it is until then.
  private(set) var backlogOpens = MonotonicInstant(nanoseconds: .min)

  init(_ settings: UplinkSettings, seed: UInt64) {
    self.settings = settings
    random = SplitMix64(seed: seed)
  }

  mutating func connected(at now: MonotonicInstant) {
    isConnected = true
    connections += 1
    ledger.forgetInFlight()
    let delay = settings.backfillStartDelay
    let span = delay.lowerBound.nanoseconds...delay.upperBound.nanoseconds
    backlogOpens = now + .nanoseconds(Int64.random(in: span, using: &random))
  }

  /// What was in flight will be sent again.
  mutating func disconnected() {
    isConnected = false
    ledger.forgetInFlight()
  }

  func isBacklogOpen(at now: MonotonicInstant) -> Bool { isConnected && now >= backlogOpens }

  /// Segments whose last record is not older than this are live.
  func liveSince(_ now: Timestamp) -> Timestamp { now - settings.liveWindow }

  /// The front of what waits, or nil when nothing may go now.
  func next(of waiting: Waiting, at now: Moment) -> Next? {
    guard isConnected else { return nil }
    if let segment = waiting.live.first { return hasRoom(.live) ? .live(segment) : nil }
    if let segment = waiting.events.first { return hasRoom(.events) ? .event(segment) : nil }
    guard isBacklogOpen(at: now.monotonic), hasRoom(.backlog), let front = waiting.backlog.first else { return nil }
    // A young one is not for the backlog: it goes with its own kind, unless it grows old waiting.
    let since = liveSince(now.wall)
    guard front.lastTime < since else { return nil }
    return .backlog(Array(waiting.backlog.prefix { $0.lastTime < since && $0.epoch == front.epoch }))
  }

  /// Whether a message of `bytes` may be handed over now. One that is larger than the whole window goes
  /// when nothing else is under way.
  func fits(_ bytes: Int, in lane: Lane) -> Bool {
    ledger.bytesInFlight == 0 || ledger.bytesInFlight + bytes <= share(of: lane)
  }

  mutating func sent(_ delivery: Delivery, as id: UInt64, at now: MonotonicInstant) {
    ledger.sent(delivery, as: id)
    guard delivery.lane == .backlog else { return }
    let pause = Double(delivery.bytes) / Double(settings.backfillBytesPerSecond)
    backlogOpens = now + .nanoseconds(Int64(pause * 1e9))
  }

  /// The broker has it. Nil for a message that is not under way, such as `status`.
  mutating func acknowledged(_ id: UInt64) -> Delivery? { ledger.acknowledged(id) }

  /// The store has noted that these arrived.
  mutating func noted(_ ranges: SequenceRangeSet, of epoch: Epoch) { ledger.noted(ranges, of: epoch) }

  private func hasRoom(_ lane: Lane) -> Bool { fits(1, in: lane) }

  /// A quarter of the window is kept for what is live, and a quarter for live data and events together:
  /// behind a full window of backlog, live data would wait for all of it.
  private func share(of lane: Lane) -> Int {
    switch lane {
    case .live: settings.inFlightBytes
    case .events: settings.inFlightBytes / 4 * 3
    case .backlog: settings.inFlightBytes / 4 * 2
    }
  }
}
