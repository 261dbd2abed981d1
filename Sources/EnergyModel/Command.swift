/// What a peer asks of the site, as it stood on the wire: the envelope is checked, what the kind and its parameters mean
/// is for control to say.
public struct Command: Hashable, Sendable {
  /// A value of `parameters`.
  public enum Parameter: Hashable, Sendable {
    case nothing
    case flag(Bool)
    case number(Double)
    case text(String)
    case texts([String])
  }

  /// Visible ASCII without spaces, 1...64 characters. Names the command for ever.
  public var id: String
  public var site: String
  /// Who asks: 1...64 characters like ``id``.
  public var issuer: String
  /// Grows with every command of an issuer, ≥ 0.
  public var counter: Int64
  public var issued: Timestamp
  /// Nil: at once.
  public var start: Timestamp?
  /// > 0; nil: until it is taken back.
  public var duration: Duration?
  public var kind: String
  public var parameters: [String: Parameter]

  public init(
    id: String, site: String, issuer: String, counter: Int64, issued: Timestamp, start: Timestamp? = nil,
    duration: Duration? = nil, kind: String, parameters: [String: Parameter] = [:]
  ) {
    self.id = id
    self.site = site
    self.issuer = issuer
    self.counter = counter
    self.issued = issued
    self.start = start
    self.duration = duration
    self.kind = kind
    self.parameters = parameters
  }
}

/// What became of a command, for whoever sent it and for the event log.
public struct CommandResult: Hashable, Sendable {
  public enum Outcome: String, CaseIterable, Hashable, Sendable {
    /// It holds, or will from its start on.
    case accepted
    /// It did what it was for, to its end.
    case executed
    /// A later one took its place.
    case superseded
    /// Its time was over before it could do anything.
    case expired
    case refused
  }

  /// Where it came from, and where this goes.
  public var destination: DestinationID
  /// Of the command.
  public var id: String
  public var outcome: Outcome
  /// In words.
  public var reason: String
  public var at: Moment

  public init(destination: DestinationID, id: String, outcome: Outcome, reason: String, at: Moment) {
    self.destination = destination
    self.id = id
    self.outcome = outcome
    self.reason = reason
    self.at = at
  }
}
