import EnergyModel

/// Decides what the link does next. It reads no clock and touches no socket: what happened goes in with
/// its time, what to do comes out, and ``deadline`` says when ``tick(at:)`` is due.
///
/// A broker that can be reached again is found within 70 s: from any moment to the next attempt it is at most
/// 60 s (with a keepalive of up to 29 s, as half-open connections show only after twice that), and an attempt
/// takes at most 10 s. That holds for the route that led to it the last time; where only the other one does,
/// its half of the attempt follows up to 12 s later.
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
    /// Begin to connect by this route, or wait on for what has been begun; ``dialled(at:)`` ends the waiting.
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
    /// The name is being looked up, which takes as long as the resolver likes.
    case dialling(until: MonotonicInstant)
    case connecting(until: MonotonicInstant)
    case connected(since: MonotonicInstant, heard: MonotonicInstant)
    case closing(until: MonotonicInstant)
    case ended
  }

  private(set) var phase = Phase.idle
  private var route = Route.any
  /// The route that led to the broker the last time.
  private var preferred = Route.any
  /// A name is tried by both routes in one attempt, an address by one.
  private let hasTwoRoutes: Bool
  private var isSecondTry = false
  /// When the present attempt began.
  private var begun = MonotonicInstant(nanoseconds: 0)
  private var backoff: Backoff
  private let longestSilence: Duration
  /// Reasons told since the last good connection: a broker that is down for a week is told once.
  private var reported: Set<String> = []

  init(keepAlive: Duration, hasTwoRoutes: Bool = true, seed: UInt64) {
    self.hasTwoRoutes = hasTwoRoutes
    longestSilence = keepAlive * 2
    backoff = Backoff(seed: seed)
  }

  /// When ``tick(at:)`` is due at the latest.
  var deadline: MonotonicInstant? {
    switch phase {
    case .idle, .ended: nil
    case .waiting(let until), .dialling(let until), .connecting(let until), .closing(let until): until
    case .connected(_, let heard): heard + longestSilence
    }
  }

  mutating func start(at now: MonotonicInstant) -> [Action] {
    guard phase == .idle else { return [] }
    return open(at: now)
  }

  /// The name has been looked up and the connection is under way. False where that comes too late and is to
  /// be let go.
  mutating func dialled() -> Bool {
    guard case .dialling(let until) = phase else { return false }
    phase = .connecting(until: until)
    return true
  }

  /// The broker accepted the connection.
  mutating func accepted(at now: MonotonicInstant) -> [Action] {
    guard case .connecting = phase else { return [] }
    phase = .connected(since: now, heard: now)
    preferred = route
    isSecondTry = false
    reported = []
    return [.welcome]
  }

  /// Bytes came from the broker.
  mutating func heard(at now: MonotonicInstant) {
    if case .connected(let since, _) = phase { phase = .connected(since: since, heard: now) }
  }

  /// The connection, or the attempt, came to an end that nobody here asked for.
  /// - Parameter otherRouteMayHelp: false where another route would help nothing: the broker itself refused, or no
  ///   route was known.
  mutating func lost(_ reason: String, at now: MonotonicInstant, otherRouteMayHelp: Bool = true) -> [Action] {
    switch phase {
    case .idle, .waiting, .ended:
      return []
    case .closing:
      phase = .ended
      return [.discard, .report(reason), .end]
    case .connected(let since, let heard):
      if now - since >= Self.stableTime { backoff.reset() }
      phase = .waiting(until: now + backoff.next(spent: now - heard))
      reported = [reason]
      return [.discard, .report(reason)]
    case .dialling, .connecting:
      phase = .waiting(until: now + pause(at: now, otherRouteMayHelp: otherRouteMayHelp))
      let isNews = reported.count < 8 && reported.insert(reason).inserted
      return isNews ? [.discard, .report(reason)] : [.discard]
    }
  }

  /// The other route follows soon; the back-off comes after both, so that a broker that is back by one route
  /// alone is not missed by trying the wrong one.
  private mutating func pause(at now: MonotonicInstant, otherRouteMayHelp: Bool) -> Duration {
    if hasTwoRoutes, otherRouteMayHelp, !isSecondTry {
      isSecondTry = true
      route = route == .any ? .ipv4 : .any
      return backoff.brief()
    }
    isSecondTry = false
    route = preferred
    return backoff.next(spent: now - begun)
  }

  mutating func stop(at now: MonotonicInstant) -> [Action] {
    switch phase {
    case .closing, .ended:
      return []
    case .connected:
      phase = .closing(until: now + Self.flushTime)
      return []
    case .idle, .waiting, .dialling, .connecting:
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
    case .dialling:
      let reason = "the look-up of the broker's name has not answered within \(Self.connectTime)"
      return lost(reason, at: now, otherRouteMayHelp: false)
    case .connecting: return lost("no answer to the connection request within \(Self.connectTime)", at: now)
    case .connected: return lost("nothing heard for \(longestSilence)", at: now)
    // No farewell: something is still under way, perhaps the owner's last status. The will tells the others.
    case .closing: return lost("stopped with messages under way", at: now)
    }
  }

  private mutating func open(at now: MonotonicInstant) -> [Action] {
    if !isSecondTry { begun = now }
    phase = .dialling(until: now + Self.connectTime)
    return [.open(route)]
  }
}
