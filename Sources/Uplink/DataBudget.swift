import EnergyModel
import Foundation

/// What one uplink may send and receive in a calendar month of the site, and what goes without when it runs out:
/// at 90 % the backlog and `forecast` wait, at 95 % telemetry too; the rest is for events and the results of commands, and
/// beyond 100 % only `status` goes. What waits stays in the journal and goes on at the month's turn.
///
/// The figure is an estimate: topic, payload and ``overhead`` for each message both ways, and a ping for each
/// silent time of the keepalive. TLS, connecting and what the network repeats are not in it.
struct DataBudget: Sendable {
  enum Traffic: Hashable, Sendable { case backlog, telemetry, events, status }

  /// For each message: MQTT's header, its acknowledgement, and TCP and IP of both, bytes.
  static let overhead = 90
  /// A ping and its answer with TCP and IP, bytes.
  static let pingBytes = 130
  /// The link's keepalive.
  static let pingInterval = Duration.seconds(20)

  /// Bytes a month.
  let limit: Int
  private let zone: TimeZoneTable
  /// Bytes of the present month.
  private(set) var used = 0
  private(set) var hasWarned = false
  /// Nil until a trusted clock has told it.
  private(set) var month: CalendarMonth?
  /// Where counting began in this month.
  private var since: Timestamp?
  private var begins = Timestamp(milliseconds: .min)
  private var ends = Timestamp(milliseconds: .max)
  /// Of the last message while connected.
  private var quietSince: MonotonicInstant?

  init(limit: Int, zone: TimeZoneTable) {
    self.limit = max(1, limit)
    self.zone = zone
  }

  mutating func connected(at now: MonotonicInstant) { quietSince = now }
  mutating func disconnected() { quietSince = nil }

  /// A message went or came.
  mutating func count(topic: String, payload: Int, at now: Moment) {
    look(at: now)
    if let quietSince {
      used += Int((now.monotonic - quietSince).seconds / Self.pingInterval.seconds) * Self.pingBytes
      self.quietSince = now.monotonic
    }
    used += topic.utf8.count + payload + Self.overhead
  }

  /// Begins a new month when it is there. A clock that nobody vouches for begins none: it may be years off.
  mutating func look(at now: Moment) {
    guard now.isClockTrusted, month == nil || now.wall < begins || now.wall >= ends else { return }
    let present = CalendarMonth(of: now.wall, in: zone)
    // From an earlier month to a later one: what was spent is past. The other way the clock was wrong before,
    // and what was spent counts on.
    if let month, month < present {
      used = 0
      hasWarned = false
      if quietSince != nil { quietSince = now.monotonic }
    }
    adopt(present, since: now.wall)
  }

  private mutating func adopt(_ month: CalendarMonth, since: Timestamp) {
    self.month = month
    self.since = since
    begins = month.start(in: zone)
    ends = month.next.start(in: zone)
  }

  /// Whether a message of so many bytes, topic and payload, may go.
  func allows(_ traffic: Traffic, bytes: Int = 0) -> Bool {
    let share: Double
    switch traffic {
    case .backlog: share = 0.9
    case .telemetry: share = 0.95
    case .events: share = 1
    case .status: return true
    }
    return Double(used) + Double(bytes + Self.overhead) <= Double(limit) * share
  }

  /// Once a month: why it will be tight; nil while there is enough.
  mutating func takeWarning(at now: Moment) -> String? {
    look(at: now)
    guard !hasWarned, let reason = warning(at: now) else { return nil }
    hasWarned = true
    return reason
  }

  private func warning(at now: Moment) -> String? {
    let share = Double(used) / Double(limit)
    let percent = Int(share * 100)
    if share >= 0.8 { return "\(percent) % of the month's data are used" }
    guard now.isClockTrusted, let since, now.wall > since else { return nil }
    let counted = (now.wall - since).seconds
    guard counted > (ends - begins).seconds / 10 else { return nil }
    let expected = share + share / counted * (ends - now.wall).seconds
    guard expected > 1 else { return nil }
    return "\(percent) % of the month's data are used; at this pace it will be \(Int(expected * 100)) % by its end"
  }
}

extension DataBudget {
  private struct Saved: Codable {
    var month: String?
    var since: Int64?
    var used: Int
    var hasWarned: Bool
    /// The budget that the warning was about.
    var limit: Int?
  }

  /// What a restart needs to go on counting.
  func saved() -> [UInt8] {
    let saved = Saved(
      month: month?.description, since: since?.milliseconds, used: used, hasWarned: hasWarned, limit: limit)
    return (try? JSONEncoder().encode(saved)).map { [UInt8]($0) } ?? []
  }

  /// Takes over what was counted before the restart; what has been counted since is added. Bytes that nobody can
  /// read count for nothing.
  mutating func restore(_ bytes: [UInt8], at now: Moment) {
    guard let saved = try? JSONDecoder().decode(Saved.self, from: Data(bytes)), (0...1 << 60).contains(saved.used)
    else { return }
    let counted = used
    used = saved.used
    // Of another budget nobody was warned.
    hasWarned = hasWarned || saved.hasWarned && saved.limit ?? limit == limit
    if let month = saved.month.flatMap({ CalendarMonth($0) }) {
      adopt(month, since: Timestamp(milliseconds: saved.since ?? month.start(in: zone).milliseconds))
      look(at: now)
    } else if let month, let since {
      adopt(month, since: since)
    }
    used += counted
  }
}
