public import EnergyModel

/// What an installer decides about the journal, and what tests shorten.
public struct JournalSettings: Sendable {
  /// Holds the database, its write-ahead log and the reserve file. Created when missing.
  public var folder: String
  /// Most bytes of database, write-ahead log and reserve file together. Not below ``smallestBudget``.
  public var budget: Int
  /// Everything that waits is committed this often.
  public var commitInterval: Duration
  /// An alarm or an urgent state is committed at the latest after this.
  public var urgentDelay: Duration
  /// Bytes kept free on the disk, so that deleting works when it is full.
  public var reserve: Int
  /// Samples, and separately events and decisions, that may wait for a commit; more are counted as dropped.
  public var mailboxCapacity: Int
  /// Everyone who must have acknowledged data before it may go without being announced, and the telemetry
  /// logs that each reads. Without any, one raw log is kept for the time of replay.
  public var destinations: [Destination]
  /// What goes first when the budget is used up.
  public var whenFull: WhenFull
  /// How long acknowledged data stays for replay, while the budget allows.
  public var retention: Duration
  /// For tests: what follows the `?` when SQLite is to open the database as a `file:` address, such as
  /// `vfs=NAME`. The path may then hold no `?`, `#` or `%`. Nil opens the path as it is.
  package var fileQuery: String?
  /// A file of up to so many bytes is checked as a whole at the start; a larger one only where it is used. Tests take
  /// none.
  package var largestChecked = 32 << 20
  /// Most ranges of acknowledgements that one destination has in one log, at least 3; beyond, the smallest are forgotten.
  /// Tests take few.
  package var mostAcknowledgedRanges = 4096
  /// How long the history of minutes stays, within three sixteenths of the budget.
  public var minuteRetention: Duration = .seconds(31 * 86_400)
  /// How long the history of quarter hours stays, within a sixteenth of the budget.
  public var quarterRetention: Duration = .seconds(3 * 365 * 86_400)

  /// One reader of the journal. Destinations with the same plan share a log.
  public struct Destination: Hashable, Sendable {
    public var id: DestinationID
    public var logs: [LogPlan]

    public init(_ id: DestinationID, logs: [LogPlan] = [LogPlan()]) {
      self.id = id
      self.logs = logs
    }
  }

  public static let smallestBudget = 512 * 1024

  /// - Parameter reserve: nil takes an eighth of the budget, at most 8 MB: twice the write-ahead log.
  public init(
    folder: String, budget: Int, commitInterval: Duration = .seconds(4), urgentDelay: Duration = .milliseconds(250),
    reserve: Int? = nil, mailboxCapacity: Int = 20_000, destinations: [Destination] = [],
    retention: Duration = .seconds(86_400), whenFull: WhenFull = .thinOldest
  ) {
    self.folder = folder
    self.budget = max(budget, Self.smallestBudget)
    self.commitInterval = commitInterval
    self.urgentDelay = urgentDelay
    self.reserve = reserve ?? min(self.budget / 8, 8 << 20)
    self.mailboxCapacity = mailboxCapacity
    self.destinations = destinations
    self.retention = retention
    self.whenFull = whenFull
  }
}
