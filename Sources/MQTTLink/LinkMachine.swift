import EnergyModel

/// Decides what the link does next. It reads no clock and touches no socket: what happened goes in with
/// its time, what to do comes out, and ``deadline`` says when ``tick(at:)`` is due.
struct LinkMachine: Sendable {
  /// From the start of an attempt to the broker's CONNACK.
  static let connectTime = Duration.seconds(10)
  /// A connection that lasted this long was a good one: the back-off begins anew.
  static let stableTime = Duration.seconds(30)
  /// How long a clean stop waits for what is under way.
  static let flushTime = Duration.seconds(2)

  /// Which of the host's addresses to try.
  enum Route: Equatable, Sendable {
    /// In the system's order of preference.
    case any
    /// IPv4 alone: a non-blocking connect never gets to the second address of a name, so a host with an
    /// IPv6 address that leads nowhere (`localhost` with a broker on 127.0.0.1) would stay out of reach.
    case ipv4
  }

  enum Action: Equatable, Sendable {
    /// Make a handle and begin to connect.
    case open(Route)
    /// Destroy the handle; whatever it still held is forgotten.
    case discard
    /// Subscribe, and tell the owner that the link is up.
    case welcome
    /// Tell the owner that the link is down, and why.
    case report(String)
    /// Send DISCONNECT, so that the broker keeps the will to itself.
    case farewell
    /// End the thread.
    case end
  }

  enum Phase: Equatable, Sendable {
    case idle
    case waiting(until: MonotonicInstant)
    case connecting(until: MonotonicInstant)
    case connected(since: MonotonicInstant, heard: MonotonicInstant)
    case closing(until: MonotonicInstant)
    case ended
  }

  private(set) var phase = Phase.idle
  private var route = Route.any
  private var backoff: Backoff
  private let longestSilence: Duration
  /// Reasons told since the last good connection: a broker that is down for a week is told once.
  private var reported: Set<String> = []

  init(keepAlive: Duration, seed: UInt64) {
    longestSilence = keepAlive * 2
    backoff = Backoff(seed: seed)
  }

  /// When ``tick(at:)`` is due at the latest.
  var deadline: MonotonicInstant? {
    switch phase {
    case .idle, .ended: nil
    case .waiting(let until), .connecting(let until), .closing(let until): until
    case .connected(_, let heard): heard + longestSilence
    }
  }

  mutating func start(at now: MonotonicInstant) -> [Action] {
    guard phase == .idle else { return [] }
    return open(at: now)
  }

  /// The broker accepted the connection.
  mutating func accepted(at now: MonotonicInstant) -> [Action] {
    guard case .connecting = phase else { return [] }
    phase = .connected(since: now, heard: now)
    reported = []
    return [.welcome]
  }

  /// Bytes came from the broker.
  mutating func heard(at now: MonotonicInstant) {
    if case .connected(let since, _) = phase { phase = .connected(since: since, heard: now) }
  }

  /// The connection, or the attempt, came to an end that nobody here asked for.
  mutating func lost(_ reason: String, at now: MonotonicInstant) -> [Action] {
    switch phase {
    case .idle, .waiting, .ended:
      return []
    case .closing:
      phase = .ended
      return [.discard, .report(reason), .end]
    case .connected(let since, _):
      if now - since >= Self.stableTime { backoff.reset() }
      phase = .waiting(until: now + backoff.next())
      reported = [reason]
      return [.discard, .report(reason)]
    case .connecting:
      route = route == .any ? .ipv4 : .any
      phase = .waiting(until: now + backoff.next())
      let isNews = reported.count < 8 && reported.insert(reason).inserted
      return isNews ? [.discard, .report(reason)] : [.discard]
    }
  }

  mutating func stop(at now: MonotonicInstant) -> [Action] {
    switch phase {
    case .closing, .ended:
      return []
    case .connected:
      phase = .closing(until: now + Self.flushTime)
      return []
    case .idle, .waiting, .connecting:
      phase = .ended
      return [.discard, .end]
    }
  }

  /// Everything handed over has been acknowledged, nothing is left to write.
  mutating func flushed() -> [Action] {
    guard case .closing = phase else { return [] }
    phase = .ended
    return [.farewell, .discard, .report("stopped"), .end]
  }

  mutating func tick(at now: MonotonicInstant) -> [Action] {
    guard let deadline, now >= deadline else { return [] }
    switch phase {
    case .idle, .ended: return []
    case .waiting: return open(at: now)
    case .connecting: return lost("no answer to the connection request within \(Self.connectTime)", at: now)
    case .connected: return lost("nothing heard for \(longestSilence)", at: now)
    // No farewell: something is still under way, perhaps the owner's last status. The will tells the others.
    case .closing: return lost("stopped with messages under way", at: now)
    }
  }

  private mutating func open(at now: MonotonicInstant) -> [Action] {
    phase = .connecting(until: now + Self.connectTime)
    return [.open(route)]
  }
}
