// The ports between the parts. Adapters never import each other: each speaks to the rest through one
// of these, and the composition root plugs them together.

/// Takes what a device told. Called on the device's own thread; must return at once.
public protocol SampleSink: Sendable {
  func accept(_ sample: Sample)
}

/// Takes events. Must return at once: what does not fit is counted as dropped.
public protocol EventSink: Sendable {
  func post(_ event: Event)
}

/// Takes decisions worth keeping (on change). Must return at once.
public protocol DecisionSink: Sendable {
  func post(_ decision: Decision)
}

/// Learns what became of a command. Called on the device's own thread; must return at once.
public protocol WriteReportSink: Sendable {
  func accept(_ report: WriteReport)
}

/// Takes commands for devices. Must return at once; the outcome arrives as a ``WriteReport``, always
/// exactly one for each command.
public protocol SetpointPort: Sendable {
  func submit(_ command: SetpointCommand)
}

/// What an uplink tells of the future.
public protocol ForecastSource: Sendable {
  /// The newest one; nil before there is one. Answers at once.
  func report() -> ForecastReport?
}

/// What an uplink needs of the journal.
public protocol SegmentStore: Sendable {
  /// How often this installation has started.
  var boot: Int { get }

  /// The logs that `destination` reads: those of its reporting choices, older ones that still drain, and the
  /// event log.
  func logs(for destination: DestinationID) async throws -> [LogState]

  /// Segments of a log that `destination` has not acknowledged and that are not in `inFlight`, oldest
  /// first, at most `limit`. With `since`, only those whose last record is not older.
  func unacknowledged(
    by destination: DestinationID, of epoch: Epoch, excluding inFlight: SequenceRangeSet, since: Timestamp?,
    limit: Int
  ) async throws -> [Segment]

  /// Remembers that these ranges arrived. Persisted with the next commit: a crash in between means
  /// sending again, never losing. Of a log that is gone there is nothing to remember, and no error.
  func acknowledge(_ ranges: [SequenceRange], of epoch: Epoch, by destination: DestinationID) async throws

  /// Takes acknowledgements back, because the receiver asks for these ranges again: they become unacknowledged
  /// and are kept until they are acknowledged anew. Persisted with the next commit. What is no longer held is
  /// announced once more by a gap record. Throws for an epoch that `destination` does not read.
  func replay(_ ranges: [SequenceRange], of epoch: Epoch, to destination: DestinationID) async throws

  /// Records that are held and that `destination` has not acknowledged. Answers at once.
  func backlog(for destination: DestinationID) -> UInt64

  /// Yields whenever a commit added segments. Several commits may be told as one.
  func commits() -> AsyncStream<Void>
}

/// Keeps small state over restarts: the memory of rules, quarter-hour means for the forecast. Returns
/// at once; persisted with the next commit.
public protocol StateStore: Sendable {
  func save(_ bytes: [UInt8], under key: String)
  func load(_ key: String) async throws -> [UInt8]?
}

/// Keeps state that somebody waits for.
public protocol DurableStateStore: StateStore {
  /// Saves, and blocks the calling thread until it is on the disk, at most for `patience`. Only for threads of the
  /// caller's own: never from the cooperative pool.
  /// - Returns: whether it is on the disk. False where that is not known in time, or the disk refused; it may get there
  ///   later all the same.
  func saveDurably(_ bytes: [UInt8], under key: String, within patience: Duration) -> Bool
}

/// Takes what peers ask of the site. Called on the link's own thread, before the broker is told that the message
/// arrived.
public protocol CommandPort: Sendable {
  /// Decides, and keeps what was decided. Blocks for two seconds at most.
  /// - Returns: false where it could not be kept: the message must not be acknowledged, so that it comes again.
  func accept(_ command: Command, from destination: DestinationID, isRetained: Bool, received: Moment) -> Bool

  /// A message that is no command. Returns at once.
  /// - Parameter id: as far as that could be read; without one nobody can be answered.
  func refuse(id: String?, _ reason: String, from destination: DestinationID, received: Moment)

  /// A channel's sign of life. Returns at once.
  func hear(_ channel: String, sent: Timestamp, from destination: DestinationID, received: Moment)
}

/// Takes messages on the link's own thread, before the broker is told that they arrived. What is taken here comes as a
/// ``LinkEvent`` all the same.
public protocol MessageAcceptor: Sendable {
  /// - Returns: false where the message must come again: the link gives its connection up and acknowledges nothing.
  func accept(_ message: IncomingMessage) -> Bool
}

/// Learns what became of commands. Must return at once.
public protocol CommandResultSink: Sendable {
  func post(_ result: CommandResult)
}

/// A message link as the uplink sees it. One thread of its own carries it out.
public protocol MessageLink: Sendable {
  /// Hands a message to the link. Answers false, and keeps nothing, while not connected or when the
  /// in-flight window is full.
  func publish(_ message: OutgoingMessage) -> Bool
  /// What happens on the link, in order. One consumer.
  func events() -> AsyncStream<LinkEvent>
}

public struct OutgoingMessage: Hashable, Sendable {
  /// Chosen by the sender, unique within the process; ``LinkEvent/acknowledged(_:)`` refers to it.
  public var id: UInt64
  public var topic: String
  public var payload: [UInt8]
  /// 0 or 1.
  public var qualityOfService: Int
  public var isRetained: Bool

  public init(id: UInt64, topic: String, payload: [UInt8], qualityOfService: Int = 1, isRetained: Bool = false) {
    self.id = id
    self.topic = topic
    self.payload = payload
    self.qualityOfService = qualityOfService
    self.isRetained = isRetained
  }
}

public struct IncomingMessage: Hashable, Sendable {
  public var topic: String
  public var payload: [UInt8]
  public var isRetained: Bool
  /// When it was received.
  public var received: Moment

  public init(topic: String, payload: [UInt8], isRetained: Bool, received: Moment) {
    self.topic = topic
    self.payload = payload
    self.isRetained = isRetained
    self.received = received
  }
}

public enum LinkEvent: Hashable, Sendable {
  case connected
  /// Everything handed over and not yet acknowledged is forgotten by the link: send it again.
  case disconnected(reason: String)
  /// Ids of messages, in the order in which their acknowledgements came.
  case acknowledged([UInt64])
  /// The broker does not let this link subscribe to a topic on the present connection.
  case subscriptionRefused(topic: String)
  case message(IncomingMessage)
}

/// Compresses a whole payload into one frame.
public protocol ByteCompressor: Sendable {
  func compress(_ bytes: [UInt8]) -> [UInt8]
}
