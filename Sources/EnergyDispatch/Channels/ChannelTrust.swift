import EnergyModel

/// How far one channel is believed to be in charge. A pure state machine; what applies in which state is the matter of
/// ``ChannelWatch``. Never persisted: every start begins in ``State/initial``.
///
/// A *word* is a limit or a release. It counts together with a heartbeat where both arrived within ``silence`` of now,
/// whichever came first. A channel without a heartbeat has, once it has spoken, nothing to fall silent with.
struct ChannelTrust: Hashable, Sendable {
  enum State: Hashable, Sendable {
    /// Since the start nobody has said anything that counts.
    case initial
    case alive
    case lost
    /// The channel was silent for so long that the site goes on without it.
    case autonomous
  }

  /// What arrived from an uplink, since the start of the agent.
  struct Signs: Hashable, Sendable {
    var lastHeartbeat: MonotonicInstant?
    var lastWord: MonotonicInstant?
  }

  /// A heartbeat this old is silent; also how long one that came back has to last without a word.
  static let silence: Duration = .seconds(120)
  /// The least that the failsafe values hold.
  static let minimumFailsafe: Duration = .seconds(7200)

  let hasHeartbeat: Bool
  let isAutonomous: Bool
  private(set) var state = State.initial
  /// When the state began.
  private(set) var since: MonotonicInstant
  /// While lost: since when the heartbeat is back without a break.
  private var backSince: MonotonicInstant?

  init(hasHeartbeat: Bool, isAutonomous: Bool, at now: MonotonicInstant) {
    self.hasHeartbeat = hasHeartbeat
    self.isAutonomous = isAutonomous
    since = now
  }

  /// One step of a channel of an uplink.
  mutating func step(_ signs: Signs, at now: MonotonicInstant) {
    let isHeard = hasHeartbeat ? signs.lastHeartbeat.map { now - $0 < Self.silence } ?? false : true
    switch state {
    case .initial:
      if isHeard, spoke(signs, after: nil, at: now) {
        enter(.alive, now)
      } else if isAutonomous, now - max(since, signs.lastHeartbeat ?? since) >= Self.silence {
        enter(.autonomous, now)
      }
    case .alive:
      guard !isHeard else { return }
      enter(.lost, min(now, (signs.lastHeartbeat ?? since) + Self.silence))
      // A step that comes late may find the failsafe time over already.
      leaveFailsafe(at: now)
    case .lost:
      backSince = isHeard ? backSince ?? max(since, signs.lastHeartbeat ?? now) : nil
      if isHeard, spoke(signs, after: since, at: now) || backSince.map({ now - $0 >= Self.silence }) ?? false {
        enter(.alive, now)
      } else {
        leaveFailsafe(at: now)
      }
    case .autonomous:
      if isHeard, spoke(signs, after: since, at: now) { enter(.alive, now) }
    }
  }

  /// One step of a contact, whose wire is heartbeat and word at once.
  mutating func step(isReadable: Bool, at now: MonotonicInstant) {
    if isReadable {
      if state != .alive { enter(.alive, now) }
      return
    }
    switch state {
    case .alive: enter(.lost, now)
    case .initial: if isAutonomous, now - since >= Self.silence { enter(.autonomous, now) }
    case .lost: leaveFailsafe(at: now)
    case .autonomous: break
    }
  }

  /// A word that arrived in this state, with a heartbeat where one is configured.
  private func spoke(_ signs: Signs, after instant: MonotonicInstant?, at now: MonotonicInstant) -> Bool {
    guard let word = signs.lastWord else { return false }
    if let instant, word <= instant { return false }
    return !hasHeartbeat || now - word < Self.silence
  }

  private mutating func leaveFailsafe(at now: MonotonicInstant) {
    if isAutonomous, now - since >= Self.minimumFailsafe { enter(.autonomous, now) }
  }

  private mutating func enter(_ next: State, _ instant: MonotonicInstant) {
    state = next
    since = instant
    backSince = nil
  }
}
