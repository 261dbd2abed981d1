public import EnergyModel
import Foundation

/// A message that is not what the wire contract says. Nothing of it is kept or acknowledged.
public struct Unreadable: Error, Equatable, CustomStringConvertible {
  public let reason: String
  init(_ reason: String) { self.reason = reason }
  public var description: String { reason }
}

/// What a gap record of the event log says that nobody will ever get.
public enum AnnouncedGap: Hashable, Sendable {
  case records(epoch: Epoch, SequenceRange)
  case time(epoch: Epoch, from: Timestamp, to: Timestamp, cause: String)
}

public struct ReceivedRecord: Hashable, Sendable {
  /// Nil in a thinned segment.
  public var seq: UInt64?
  public var time: Timestamp
  /// The whole record as JSON with sorted keys, so that the same content is the same text.
  public var body: String
  public var gap: AnnouncedGap?
}

/// What one `telemetry`, `events` or `backfill` message carries.
public struct ReceivedSegment: Hashable, Sendable {
  public var log: String
  public var epoch: Epoch
  public var range: SequenceRange
  public var isThinned: Bool
  public var records: [ReceivedRecord]
}

/// What a `status` message says.
public struct ReceivedStatus: Hashable, Sendable {
  public struct Log: Hashable, Sendable {
    public var epoch: Epoch
    public var name: String
    /// Nil while the log is empty.
    public var held: SequenceRange?
  }

  public var isOnline: Bool
  public var boot: Int64
  public var version: String
  public var time: Timestamp
  /// Nil in a last will, which knows nothing of them.
  public var logs: [Log]?
}

/// What a `forecast` message says: kept as it came, for whoever plans with it.
public struct ReceivedForecast: Hashable, Sendable {
  /// When it was made.
  public var time: Timestamp
  public var body: String
}

/// A message of a site, checked as a whole before anything of it counts.
public struct SiteMessage: Hashable, Sendable {
  public enum Content: Hashable, Sendable {
    case status(ReceivedStatus)
    case segment(ReceivedSegment)
    case forecast(ReceivedForecast)
  }

  /// What a receiver subscribes to, for one site or for `+`.
  public static func subscriptions(site: String) -> [String] {
    ["status", "telemetry", "events", "backfill", "forecast"].map { "holdfast/v1/\(site)/\($0)" }
  }

  public var site: String
  public var content: Content

  public init(topic: String, payload: [UInt8]) throws {
    let parts = topic.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
    guard parts.count == 4, parts[0] == "holdfast", parts[1] == "v1" else { throw Unreadable("unknown topic") }
    site = parts[2]
    switch parts[3] {
    case "status": content = .status(try ReceivedStatus(JSONObject(payload)))
    case "telemetry", "events":
      let frame = try JSONObject(payload)
      content = .segment(try ReceivedSegment(frame, records: try frame.objects("records"), site: site))
    case "forecast":
      let object = try JSONObject(payload)
      guard try object.integer("v") == 1 else { throw Unreadable("another version of the contract") }
      guard try object.string("site") == site else { throw Unreadable("the topic names another site") }
      content = .forecast(ReceivedForecast(time: try object.time("t"), body: object.sortedText()))
    case "backfill":
      let lines = try Unpacking.lines(payload)
      guard let header = lines.first else { throw Unreadable("an empty frame") }
      // One after another: as objects all lines together would take many times the room of the frame.
      let records = try lines.dropFirst().map { try ReceivedRecord(JSONObject(Array($0))) }
      content = .segment(try ReceivedSegment(JSONObject(Array(header)), records, site: site))
    default: throw Unreadable("unknown topic")
    }
  }
}

extension ReceivedSegment {
  init(_ header: JSONObject, records: [JSONObject], site: String) throws {
    try self.init(header, try records.map { try ReceivedRecord($0) }, site: site)
  }

  init(_ header: JSONObject, _ records: [ReceivedRecord], site: String) throws {
    guard try header.integer("v") == 1 else { throw Unreadable("another version of the contract") }
    guard try header.string("site") == site else { throw Unreadable("the topic names another site") }
    log = try header.string("log")
    epoch = try header.epoch("epoch")
    range = try header.range("first", "last")
    isThinned = header.flag("thinned") ?? false
    self.records = records
    let seqs = records.map(\.seq)
    // Each number once, none left out: only then may the range count as received.
    if isThinned {
      guard seqs.allSatisfy({ $0 == nil }) else { throw Unreadable("a thinned record has a seq") }
    } else {
      guard UInt64(seqs.count) == range.count, seqs.elementsEqual(range.first...range.last, by: { $0 == $1 }) else {
        throw Unreadable("the records are not first…last")
      }
    }
  }
}

extension ReceivedRecord {
  init(_ object: JSONObject) throws {
    seq = object.has("seq") ? try object.number("seq") : nil
    time = try object.time("t")
    body = object.sortedText()
    guard (try? object.string("kind")) == "gap" else { return }
    let epoch = try object.epoch("epoch")
    if object.has("first") {
      gap = .records(epoch: epoch, try object.range("first", "last"))
    } else {
      gap = .time(
        epoch: epoch, from: try object.time("from"), to: try object.time("to"), cause: try object.string("cause"))
    }
  }
}

extension ReceivedStatus {
  init(_ object: JSONObject) throws {
    guard let isOnline = object.flag("online") else { throw Unreadable("online is missing") }
    self.isOnline = isOnline
    boot = try object.integer("boot")
    version = try object.string("version")
    time = try object.time("t")
    guard object.has("logs") else { return }
    logs = try object.objects("logs").map { log in
      Log(
        epoch: try log.epoch("epoch"), name: try log.string("name"),
        held: log.has("first") ? try log.range("first", "last") : nil)
    }
  }
}
