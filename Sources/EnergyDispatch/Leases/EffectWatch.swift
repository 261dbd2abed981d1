import EnergyModel

/// Whether setpoints have the effect they were written for. A setpoint counts when what is measured lies in what it permits, after
/// the device's lag:
///
/// - battery: `−max(0, charge limit) − t ≤ power ≤ max(0, discharge limit) + t`, with `t = max(100 W, 3 % of the rating)`;
/// - production: `ac ≤ limit + t`, with `t = max(100 W, 3 % of the AC limit)`;
/// - charger: `power ≤ current · phases · 230 V + t`, with `t = 100 W + 10 %` (EN 50160 lets the voltage rise so far);
/// - a relay that is off, where its load is metered: `power ≤ 50 W`.
///
/// Less than permitted is always right: a full battery tapers, a cloud passes. What was permitted before counts until the lag
/// and the age of a reading are over. Three readings in a row outside are told as an alarm, once, until one is inside
/// again. The lease goes on: giving up what protects would help nobody.
struct EffectWatch: Sendable {
  /// What a lease permits.
  struct Envelope: Hashable, Sendable {
    var range: ClosedRange<Double>
    /// Until when it may still show, once it was replaced; nil while it holds.
    var ends: MonotonicInstant?

    func isOver(at now: MonotonicInstant) -> Bool { ends.map { $0 <= now } ?? false }
  }

  private struct Watched: Sendable {
    var values: [WantedLease.Value] = []
    var envelopes: [Envelope] = []
    var settled: MonotonicInstant
    var lastReading: MonotonicInstant?
    var outside = 0
    var isTold = false
  }

  private static let least = 100.0
  private static let standby = 50.0
  private static let beforeAlarm = 3

  private let subjects: [EffectSubject]
  /// In the order of ``subjects``; nil where no lease runs.
  private var watched: [Watched?]

  init(_ site: SiteParameters) {
    subjects = EffectSubject.all(site)
    watched = subjects.map { _ in nil }
  }

  /// Once a cycle, after reports were taken.
  mutating func step(_ leases: LeaseBook, _ snapshot: SiteSnapshot) -> [Event] {
    var events: [Event] = []
    for (index, subject) in subjects.enumerated() {
      guard let confirmed = leases.confirmed(subject.key),
        subject.isLatching || snapshot.now.monotonic - confirmed.submitted < subject.reversion
      else {
        watched[index] = nil
        continue
      }
      // Taken out, so that it is changed in place.
      var state = watched[index].take() ?? Watched(settled: confirmed.at + subject.settles)
      if let event = Self.look(at: subject, confirmed, snapshot, &state) { events.append(event) }
      watched[index] = consume state
    }
    return events
  }

  private static func look(
    at subject: EffectSubject, _ confirmed: Lease.Confirmed, _ snapshot: SiteSnapshot, _ state: inout Watched
  ) -> Event? {
    let now = snapshot.now.monotonic
    if state.values != confirmed.values {
      for index in state.envelopes.indices where state.envelopes[index].ends == nil {
        state.envelopes[index].ends = confirmed.at + subject.settles
      }
      state.values = confirmed.values
      state.envelopes.append(Envelope(range: subject.permitted(confirmed.values)))
    }
    if state.envelopes.contains(where: { $0.isOver(at: now) }) { state.envelopes.removeAll { $0.isOver(at: now) } }
    guard now >= state.settled,
      let found = snapshot.observation(subject.meter, subject.point), found.quality == .good, let value = found.value,
      let measured = found.measured?.monotonic, measured != state.lastReading, now - measured <= subject.maximumAge
    else { return nil }
    state.lastReading = measured
    if state.envelopes.contains(where: { $0.range.contains(value) }) {
      state.outside = 0
      state.isTold = false
      return nil
    }
    state.outside += 1
    guard state.outside >= Self.beforeAlarm, !state.isTold, let permitted = state.envelopes.last?.range else {
      return nil
    }
    state.isTold = true
    let text =
      "\(subject.key.device) does not follow its setpoint: \(Words.power(value)) where \(Self.text(permitted)) was "
      + "permitted, \(state.outside) readings in a row"
    return Event(
      at: snapshot.now, name: "setpoint-without-effect", severity: .alarm, device: subject.key.device, text: text)
  }

  private static func text(_ range: ClosedRange<Double>) -> String {
    range.lowerBound > -.infinity
      ? "\(Words.power(range.lowerBound)) to \(Words.power(range.upperBound))"
      : "at most \(Words.power(range.upperBound))"
  }

  /// Around a limit of this rating, W.
  static func tolerance(_ rating: Double) -> Double { max(least, 0.03 * rating) }
  static func charging(_ current: Double, phases: Int) -> Double {
    least + 1.1 * SiteParameters.Charger.power(current, phases: phases)
  }
  static var off: ClosedRange<Double> { -.infinity...standby }
}
