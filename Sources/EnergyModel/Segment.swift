/// The identity of a log: a random 64-bit number, made when the log is created.
public struct Epoch: Hashable, Comparable, Sendable, CustomStringConvertible {
  public var number: UInt64

  public init(number: UInt64) { self.number = number }

  /// Sixteen lower-case hexadecimal digits, as on the wire; nil for anything else.
  public init?(_ text: String) {
    guard text.utf8.count == 16, !text.utf8.contains(where: { $0 < 0x30 || ($0 > 0x39 && $0 < 0x61) || $0 > 0x66 }),
      let number = UInt64(text, radix: 16)
    else { return nil }
    self.number = number
  }

  public static func < (a: Epoch, b: Epoch) -> Bool { a.number < b.number }

  public var description: String {
    let digits = String(number, radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
  }
}

/// Where segments go: the name of an uplink in the configuration.
public struct DestinationID: Hashable, Comparable, Sendable, CustomStringConvertible, ExpressibleByStringLiteral {
  public var name: String
  public init(_ name: String) { self.name = name }
  public init(stringLiteral name: String) { self.name = name }
  public static func < (a: DestinationID, b: DestinationID) -> Bool { a.name < b.name }
  public var description: String { name }
}

/// One entry of a log. (epoch, seq) names it for ever.
public struct Record: Hashable, Sendable {
  public enum Body: Hashable, Sendable {
    /// A record of a telemetry log.
    case sample(Sample)
    /// A record of the event log: the members of its JSON object after `seq` and `t`, beginning with
    /// `"kind":…`, without braces. Fixed when the entry was accepted.
    case entry(String)
  }

  /// Nil in a thinned segment, whose records have no seq of their own.
  public var seq: UInt64?
  public var time: Timestamp
  public var body: Body

  public init(seq: UInt64?, time: Timestamp, body: Body) {
    self.seq = seq
    self.time = time
    self.body = body
  }
}

/// What one commit added to one log: the unit of sending, acknowledging and replay.
public struct Segment: Hashable, Sendable {
  public var epoch: Epoch
  /// The log's name, such as `telemetry` or `events`.
  public var log: String
  public var range: SequenceRange
  public var firstTime: Timestamp
  public var lastTime: Timestamp
  public var records: [Record]
  /// Coarser averages stand for the records `range`, because the budget had no room for them.
  public var isThinned: Bool

  public init(
    epoch: Epoch, log: String, range: SequenceRange, firstTime: Timestamp, lastTime: Timestamp, records: [Record],
    isThinned: Bool = false
  ) {
    self.epoch = epoch
    self.log = log
    self.range = range
    self.firstTime = firstTime
    self.lastTime = lastTime
    self.records = records
    self.isThinned = isThinned
  }
}

/// A log as the status message lists it.
public struct LogState: Hashable, Sendable {
  public enum Kind: Hashable, Sendable { case telemetry, events }

  public var epoch: Epoch
  public var name: String
  public var kind: Kind
  /// What is still held; nil while the log is empty.
  public var held: SequenceRange?

  public init(epoch: Epoch, name: String, kind: Kind, held: SequenceRange?) {
    self.epoch = epoch
    self.name = name
    self.kind = kind
    self.held = held
  }
}
