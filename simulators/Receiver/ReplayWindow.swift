import EnergyModel

/// Decides when one site is asked again for what is missing. A hole is nothing to worry about while the site
/// works through its backlog, which comes oldest first; it is asked for when nothing has come to fill the first
/// hole of any log for the whole patience. An answer that stays away doubles the patience, up to 64 times.
struct ReplayWindow: Sendable {
  typealias Missing = [Epoch: [SequenceRange]]

  /// As many ranges as a site takes in one message.
  static let longest = 256

  let patience: Duration
  private var opened: MonotonicInstant?
  private var noted: Missing = [:]
  private var attempts = 0

  init(patience: Duration) { self.patience = patience }

  /// The link is away: waiting begins anew with the next look.
  var closed: ReplayWindow {
    var closed = self
    closed.open([:], at: MonotonicInstant(nanoseconds: 0))
    return closed
  }

  /// What to ask for now: that which was missing during the whole patience.
  mutating func look(_ missing: Missing, at now: MonotonicInstant) -> Missing {
    let missing = missing.filter { !$0.value.isEmpty }
    guard let opened, !missing.isEmpty else {
      if missing.isEmpty { attempts = 0 }
      open(missing, at: now)
      return [:]
    }
    var still: Missing = [:]
    for (epoch, ranges) in noted { still[epoch] = Self.common(ranges, missing[epoch] ?? []) }
    if noted.contains(where: { epoch, ranges in ranges.first?.first != still[epoch]?.first?.first }) {
      attempts = 0
      open(missing, at: now)
      return [:]
    }
    guard now - opened >= patience * (1 << min(attempts, 6)) else { return [:] }
    attempts += 1
    open(missing, at: now)
    return still.mapValues { Array($0.prefix(Self.longest)) }
  }

  private mutating func open(_ missing: Missing, at now: MonotonicInstant) {
    opened = missing.isEmpty ? nil : now
    noted = missing
  }

  private static func common(_ a: [SequenceRange], _ b: [SequenceRange]) -> [SequenceRange] {
    let a = SequenceRangeSet(a)
    return a.without(a.without(SequenceRangeSet(b))).ranges
  }
}
