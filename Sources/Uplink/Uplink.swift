public import EnergyModel
import Synchronization

/// Serves one destination: takes committed segments from the journal, brings them into the form of the
/// wire contract and hands them to a link, live ones first. The broker's PUBACK releases them, or the receiver's
/// word on `ack` where the settings say so; on `replay` the receiver gets again what it asks for.
///
/// What is decided is decided by ``LaneScheduler``; this actor fetches, encodes, hands over and waits. It
/// never blocks a thread, and it works only when a commit, the link or a deadline wakes it.
public actor Uplink {
  let settings: UplinkSettings
  let link: any MessageLink
  let store: any SegmentStore
  let compressor: any ByteCompressor
  let events: any EventSink
  let states: any StateStore
  let forecasts: (any ForecastSource)?
  let time: any TimeSource
  let bell = Bell()
  let results = ResultOutbox()

  var scheduler: LaneScheduler
  var retry = RetryPause()
  /// Nothing is asked of a failing store before this.
  var storeRests: MonotonicInstant?
  /// The link refused a message although it is connected; asked again then.
  var linkRests: MonotonicInstant?
  var status = StatusSchedule()
  var forecast: ForecastSchedule
  var isLeaving = false
  /// How many segments are asked for at once; follows what moves.
  var fetchLimit = Uplink.fetchLimits.lowerBound
  /// What the receiver asked for and this turn or the next will answer.
  var requests: [ReceiverRequest] = []
  /// Epochs of every log that was there since the start.
  var knownEpochs: Set<Epoch> = []
  var replays = RequestPace()
  var ackWarnings = WarningPace(.seconds(60))
  /// Epochs of event logs, which the month's data serve longest, however old the events are.
  var eventEpochs: Set<Epoch> = []
  var replayWarnings = WarningPace(.seconds(60))
  var unconfirmedWarnings = WarningPace(.seconds(3600))
  var data: DataBudget?
  var isDataRestored = false
  var isDataUnsaved = false
  var dataSaved: MonotonicInstant?
  /// What is wrong with a connection that works otherwise.
  var linkFault: String?
  private var subscriptionWarnings = WarningPace(.seconds(3600))
  private var nextID: UInt64
  private var farewell: (id: UInt64, continuation: CheckedContinuation<Void, Never>)?
  private var isRunning = false
  private nonisolated let shared: Mutex<SiteStatus.Uplink>

  /// - Parameters:
  ///   - events: where warnings go.
  ///   - states: keeps the count of the month's data, under `uplink-data/` and the destination's name.
  ///   - forecasts: what `forecast` tells; nil where nobody makes any.
  ///   - zone: of the site; its calendar says when a month begins.
  ///   - seed: of the random delays. Uplinks of one process need different ones, because their message numbers
  ///     begin there too.
  public init(
    settings: UplinkSettings, link: any MessageLink, store: any SegmentStore, compressor: any ByteCompressor,
    events: any EventSink, states: any StateStore, forecasts: (any ForecastSource)? = nil, zone: TimeZoneTable,
    time: any TimeSource, seed: UInt64
  ) {
    self.settings = settings
    self.link = link
    self.store = store
    self.compressor = compressor
    self.events = events
    self.states = states
    self.forecasts = forecasts
    self.time = time
    scheduler = LaneScheduler(settings, seed: seed)
    data = settings.monthlyData.map { DataBudget(limit: $0, zone: zone) }
    var random = SplitMix64(seed: seed)
    nextID = random.next() << 32
    forecast = ForecastSchedule(
      isCounted: settings.monthlyData != nil, delay: ForecastSchedule.delay(using: &random))
    shared = Mutex(SiteStatus.Uplink(destination: settings.destination))
  }

  /// The retained message that the broker publishes when the link is lost. Its id is 0: nobody
  /// acknowledges it. It has no `logs`: what they hold changes with every commit, and the broker keeps
  /// these bytes unchanged for days.
  /// - Parameter time: when the settings of the connection were made, because nobody knows beforehand when
  ///   the link will be lost.
  public static func will(_ settings: UplinkSettings, boot: Int, at time: Timestamp) -> OutgoingMessage {
    let payload = StatusFrame.payload(isOnline: false, boot: boot, version: settings.version, time: time, logs: nil)
    return OutgoingMessage(id: 0, topic: settings.topic("status"), payload: payload, isRetained: true)
  }

  /// How far it has come. `sent` counts repetitions, `acknowledged` does not. The backlog is what the
  /// journal says now, connected or not.
  public nonisolated func counters() -> SiteStatus.Uplink {
    var counters = shared.withLock { $0 }
    counters.backlogRecords = store.backlog(for: settings.destination)
    return counters
  }

  /// Works until the task is cancelled. Call it once: link and store have one listener.
  public func run() async {
    isRunning = true
    let events = link.events()
    let commits = store.commits()
    // The first turn takes over what the last start has counted.
    bell.ring()
    await withTaskGroup(of: Void.self) { group in
      group.addTask { for await event in events { await self.handle(event) } }
      group.addTask { for await _ in commits { self.bell.ring() } }
      for await _ in bell.rings { await turn() }
      group.cancelAll()
    }
    bell.set(after: nil)
    isRunning = false
    endFarewell()
  }

  /// Publishes `status` with `online: false` and sends nothing afterwards. Returns when the broker has it,
  /// when the link is lost, or after two seconds.
  public func goOffline() async {
    isLeaving = true
    saveData()
    guard scheduler.isConnected else { return }
    let payload = StatusFrame.payload(
      isOnline: false, boot: store.boot, version: settings.version, time: time.now().wall, logs: status.logs)
    let id = newID()
    let message = OutgoingMessage(id: id, topic: settings.topic("status"), payload: payload, isRetained: true)
    guard link.publish(message) else { return }
    countData(message.topic, payload)
    guard isRunning, farewell == nil else { return }
    let patience = Task {
      do { try await Task.sleep(for: .seconds(2)) } catch { return }
      endFarewell()
    }
    await withCheckedContinuation { farewell = (id, $0) }
    patience.cancel()
  }

  private func endFarewell() {
    farewell?.continuation.resume()
    farewell = nil
  }

  func newID() -> UInt64 {
    nextID += 1
    return nextID
  }

  func count(_ change: (inout SiteStatus.Uplink) -> Void) { shared.withLock { change(&$0) } }

  private func handle(_ event: LinkEvent) {
    switch event {
    case .connected:
      scheduler.connected(at: time.now().monotonic)
      data?.connected(at: time.now().monotonic)
      status.connected()
      forecast.connected()
      linkRests = nil
      linkFault = nil
      count {
        $0.isConnected = true
        $0.lastError = nil
      }
    case .disconnected(let reason):
      scheduler.disconnected()
      results.disconnected()
      data?.disconnected()
      endFarewell()
      count {
        $0.isConnected = false
        $0.lastError = reason
      }
    case .acknowledged(let ids):
      if let farewell, ids.contains(farewell.id) { endFarewell() }
      results.acknowledged(ids)
      let now = time.now().monotonic
      for delivery in ids.compactMap({ scheduler.acknowledged($0, at: now) }) { countAcknowledged(delivery) }
      guard !scheduler.isWaitingForRoom else { return }
      linkRests = nil
    case .subscriptionRefused(let topic):
      let fault = "the broker refuses the subscription to \(topic)"
      linkFault = fault
      count { $0.lastError = fault }
      if subscriptionWarnings.mayTell(at: time.now().monotonic) { warn("subscription-refused", fault) }
    case .message(let message):
      countData(message.topic, message.payload)
      take(message)
    }
    bell.ring()
  }

  func countAcknowledged(_ delivery: Delivery) {
    count {
      $0.acknowledgedSegments += UInt64(delivery.segments)
      $0.acknowledgedRecords += delivery.range.count
    }
  }
}
