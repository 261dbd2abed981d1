// The ports that commands pass on their way in, and their results on their way out.

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
  /// Decides, and keeps what was decided. Blocks for three seconds at most: where commands come one after the other, the journal
  /// spares the flash and takes up to 2.4 s.
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
