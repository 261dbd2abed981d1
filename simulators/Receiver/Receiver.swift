public import EnergyModel
import Threads

/// Takes what sites send, keeps it in an ``Archive``, acknowledges what is on the disk and asks for what stays
/// away. It works on a thread of its own, because the database makes it wait.
public actor Receiver {
  public struct Settings: Sendable {
    /// The least time between two acknowledgements.
    public var acknowledgeEvery = Duration.seconds(1)
    /// After so many messages an acknowledgement goes earlier.
    public var acknowledgeAfter = 64
    /// How long a hole may stay before it is asked for; nil never asks.
    public var replayAfter: Duration? = .seconds(30)

    public init() {}
  }

  private let settings: Settings
  private let link: any MessageLink
  private let archive: Archive
  private let time: any TimeSource
  private let dropped: @Sendable () -> UInt64
  private let report: @Sendable (String) -> Void
  private let executor = ThreadExecutor(name: "receiver")
  private var acks: AckBook
  private var windows: [String: ReplayWindow] = [:]
  private var isConnected = false
  private var lastLook: MonotonicInstant?
  private var toldDropped: UInt64 = 0
  private var nextID: UInt64 = 0

  public nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

  /// - Parameters:
  ///   - dropped: how many messages found no room in the link's queue. They are holes like any other.
  ///   - report: takes lines for people.
  public init(
    _ settings: Settings, link: any MessageLink, archive: Archive, time: any TimeSource,
    dropped: @escaping @Sendable () -> UInt64 = { 0 }, report: @escaping @Sendable (String) -> Void
  ) {
    self.settings = settings
    self.link = link
    self.archive = archive
    self.time = time
    self.dropped = dropped
    self.report = report
    acks = AckBook(every: settings.acknowledgeEvery, after: settings.acknowledgeAfter)
  }

  deinit { executor.stop() }

  /// Works until the link has ended. Throws when the database cannot be written: then nothing of the message was
  /// acknowledged, and the site sends it again.
  public func run() async throws {
    try await withThrowingTaskGroup(of: Void.self) { group in
      group.addTask { try await self.listen() }
      group.addTask { try await self.keepTime() }
      try await group.next()
      group.cancelAll()
    }
  }

  /// Acknowledges what is committed without waiting for its time. Call it before the link is stopped.
  public func acknowledgeNow() {
    for (log, ranges) in acks.take(at: time.now().monotonic) where !send(.ack, ranges, of: log) {
      acks.putBack(ranges, of: log)
    }
  }

  private func listen() async throws {
    for await event in link.events() { try handle(event) }
  }

  private func keepTime() async throws {
    while !Task.isCancelled {
      await executor.sleep(until: .current + .milliseconds(200))
      try tick()
    }
  }

  private func handle(_ event: LinkEvent) throws {
    switch event {
    case .connected:
      isConnected = true
      report("connected")
    case .disconnected(let reason):
      isConnected = false
      report("disconnected: \(reason)")
    case .acknowledged: break
    case .subscriptionRefused(let topic): report("the broker refuses the subscription to \(topic)")
    case .message(let message):
      try take(message)
      if acks.isDue(at: time.now().monotonic) { acknowledgeNow() }
    }
  }

  private func take(_ incoming: IncomingMessage) throws {
    let now = incoming.received.wall
    let message: SiteMessage
    do {
      message = try SiteMessage(topic: incoming.topic, payload: incoming.payload)
    } catch let unreadable as Unreadable {
      report("refused a message on \(incoming.topic): \(unreadable)")
      return try archive.refuse(topic: incoming.topic, reason: unreadable.reason, at: now)
    }
    switch message.content {
    case .status(let status): try archive.store(status, of: message.site, at: now)
    case .forecast(let forecast): try archive.store(forecast, of: message.site, at: now)
    case .segment(let segment):
      let stored = try archive.store(segment, of: message.site, at: now)
      if stored.contradictions > 0 {
        report("ALARM: \(message.site) \(segment.epoch): \(stored.contradictions) records came with another content")
      }
      acks.committed(stored.held, of: LogKey(site: message.site, epoch: segment.epoch))
    }
  }

  /// What is due without a message. Internal, so that tests with a clock of their own can call it.
  func tick() throws {
    let now = time.now().monotonic
    let dropped = dropped()
    if dropped > toldDropped { report("\(dropped - toldDropped) messages came faster than they could be kept") }
    toldDropped = dropped
    guard isConnected else { return windows = windows.mapValues { $0.closed } }
    if acks.isDue(at: now) { acknowledgeNow() }
    guard let patience = settings.replayAfter, lastLook.map({ now - $0 >= .seconds(1) }) ?? true else { return }
    lastLook = now
    let online = try archive.sitesOnline()
    windows = windows.filter { online.contains($0.key) }
    for site in online {
      let missing = try archive.holdings(site: site).filter(\.isListed).map { ($0.epoch, $0.missing) }
      let ask = windows[site, default: ReplayWindow(patience: patience)]
        .look(Dictionary(uniqueKeysWithValues: missing), at: now)
      for (epoch, ranges) in ask.sorted(by: { $0.key < $1.key }) {
        report("\(site) \(epoch): asking again for \(ranges.map { "\($0.first)…\($0.last)" }.joined(separator: " "))")
        _ = send(.replay, ranges, of: LogKey(site: site, epoch: epoch))
      }
    }
  }

  private func send(_ request: Request, _ ranges: [SequenceRange], of log: LogKey) -> Bool {
    nextID += 1
    return link.publish(
      OutgoingMessage(id: nextID, topic: request.topic(log.site), payload: Request.payload(log.epoch, ranges)))
  }
}
