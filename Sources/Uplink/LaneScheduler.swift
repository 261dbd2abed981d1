import EnergyModel

/// What waits in each lane, oldest first.
struct Waiting: Sendable {
  /// Young segments of telemetry.
  var live: ArraySlice<Segment> = []
  /// Young segments of the event log.
  var events: ArraySlice<Segment> = []
  /// Old and thinned segments of either kind, all of one log.
  var backlog: ArraySlice<Segment> = []

  /// Takes the front of a lane out.
  mutating func remove(_ count: Int, from lane: LaneScheduler.Lane) {
    switch lane {
    case .live: live.removeFirst(count)
    case .events: events.removeFirst(count)
    case .backlog: backlog.removeFirst(count)
    }
  }

  mutating func close(_ lane: LaneScheduler.Lane) {
    switch lane {
    case .live: live = []
    case .events: events = []
    case .backlog: backlog = []
    }
  }
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
  private(set) var ledger: DeliveryLedger
  /// The backlog stays where it is until then.
  private(set) var backlogOpens = MonotonicInstant(nanoseconds: .min)
  /// Lanes that found no room, and what may be under way at most before they are tried again. Working for each
  /// acknowledgement would cost more than it moves.
  private var full: [Lane: Int] = [:]
  private static let liveFetch = 16...512
  /// What a live message takes on the wire, about.
  private var liveBytes = 1000
  /// What the link takes at most, as far as it has shown.
  private var linkWindow = liveFetch.upperBound
  /// The same for the link's own window, in messages.
  private var linkFull: Int?

  init(_ settings: UplinkSettings, seed: UInt64) {
    self.settings = settings
    ledger = DeliveryLedger(acknowledgedBy: settings.acknowledgedBy, resendAfter: settings.resendAfter)
    random = SplitMix64(seed: seed)
  }

  mutating func connected(at now: MonotonicInstant) {
    isConnected = true
    connections += 1
    ledger.connected(at: now)
    forgetFullness()
    let delay = settings.backfillStartDelay
    let span = delay.lowerBound.nanoseconds...delay.upperBound.nanoseconds
    backlogOpens = now + .nanoseconds(Int64.random(in: span, using: &random))
  }

  /// What was in flight will be sent again.
  mutating func disconnected() {
    isConnected = false
    ledger.forgetInFlight()
    forgetFullness()
  }

  /// True while nothing of any lane could go, because too much is under way.
  var isWaitingForRoom: Bool { !isOpen(.live) || linkFull != nil }

  /// How many live segments are worth fetching: about as many as the windows have room for, judged by what went before.
  var roomForLive: Int {
    let room = max(0, settings.inFlightBytes - ledger.bytesInFlight) / max(1, liveBytes)
    let places = linkWindow - ledger.messagesInFlight
    return min(max(Self.liveFetch.lowerBound, min(room, places)), Self.liveFetch.upperBound)
  }

  /// A message of this lane was turned away.
  mutating func foundNoRoom(in lane: Lane) { full[lane] = ledger.bytesInFlight / 4 * 3 }

  /// The link turned a message away that its lane had room for.
  mutating func linkFoundNoRoom() {
    linkFull = ledger.messagesInFlight / 4 * 3
    linkWindow = ledger.messagesInFlight
  }

  /// The link's window is its own affair; it is asked again now and then, whatever is under way.
  mutating func askLinkAgain() { linkFull = nil }

  private mutating func forgetFullness() {
    full = [:]
    linkFull = nil
  }

  private func isOpen(_ lane: Lane) -> Bool { full[lane] == nil }

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
    guard Self.isBacklog(front, since: since) else { return nil }
    // The receiver may not be able to take it, and would refuse its neighbours along with it.
    if isDoubtful(front) { return .backlog([front]) }
    return .backlog(
      Array(
        waiting.backlog.prefix { Self.isBacklog($0, since: since) && $0.epoch == front.epoch && !isDoubtful($0) }))
  }

  private func isDoubtful(_ segment: Segment) -> Bool {
    ledger.awaited.isDoubtful(segment.range, of: segment.epoch)
  }

  /// What is thinned is no fresh telemetry, however young it is.
  static func isBacklog(_ segment: Segment, since: Timestamp) -> Bool { segment.isThinned || segment.lastTime < since }

  /// Whether a message of `bytes` may be handed over now. One that is larger than the whole window goes
  /// when nothing else is under way.
  func fits(_ bytes: Int, in lane: Lane) -> Bool {
    ledger.bytesInFlight == 0 || ledger.bytesInFlight + bytes <= share(of: lane)
  }

  mutating func sent(_ delivery: Delivery, as id: UInt64, at now: MonotonicInstant) {
    ledger.sent(delivery, as: id)
    linkWindow = max(linkWindow, ledger.messagesInFlight)
    if delivery.lane == .live { liveBytes += (delivery.bytes - liveBytes) / 8 }
    guard delivery.lane == .backlog else { return }
    let pause = Double(delivery.bytes) / Double(settings.backfillBytesPerSecond)
    backlogOpens = now + .nanoseconds(Int64(pause * 1e9))
  }

  /// The broker has it. Nil for what this does not release: a message that is not under way, such as `status`,
  /// or one that needs the word of the receiver.
  mutating func acknowledged(_ id: UInt64, at now: MonotonicInstant) -> Delivery? {
    let delivery = ledger.acknowledged(id, at: now)
    if !full.isEmpty { full = full.filter { ledger.bytesInFlight > $0.value } }
    if let linkFull, ledger.messagesInFlight <= linkFull { self.linkFull = nil }
    return delivery
  }

  /// The receiver has these ranges. Answers what that released.
  mutating func confirmed(_ ranges: SequenceRangeSet, of epoch: Epoch, at now: MonotonicInstant) -> [Delivery] {
    ledger.confirmed(ranges, of: epoch, at: now)
  }

  /// The receiver asks for these ranges again.
  mutating func forget(_ ranges: SequenceRangeSet, of epoch: Epoch) { ledger.forget(ranges, of: epoch) }

  /// Answers what went alone and was left out all the same.
  mutating func giveUpOverdue(at now: MonotonicInstant) -> [Delivery] { ledger.giveUpOverdue(at: now) }

  /// The store has noted that these arrived.
  mutating func noted(_ ranges: SequenceRangeSet, of epoch: Epoch) { ledger.noted(ranges, of: epoch) }

  private func hasRoom(_ lane: Lane) -> Bool { isOpen(lane) && fits(1, in: lane) }

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
