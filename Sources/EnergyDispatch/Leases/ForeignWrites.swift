import EnergyModel

/// Notices that somebody else writes a device's setpoints while a lease of ours runs: a setting that reads back otherwise than it did
/// after our confirmed write, although we wrote nothing since.
///
/// What then happens: each foreign value is overwritten at once, because the lease is ours. After three of them within ten minutes it is told
/// as an alarm, once, and the agent stops fighting for an hour: what merely economizes is not written any more and runs
/// out; what protects is written on as ever.
struct ForeignWrites: Sendable {
  private struct Watched: Sendable {
    var confirmed: MonotonicInstant
    /// What the settings read after our write.
    var own: [Double?]
    var strikes: [MonotonicInstant] = []
    var truceUntil: MonotonicInstant?

    /// Whether the device reads back something else than before without a new command of the agent.
    mutating func contradicts(_ now: [Double?], _ confirmed: MonotonicInstant) -> Bool {
      guard own != now || self.confirmed != confirmed else { return false }
      defer { (self.confirmed, own) = (confirmed, now) }
      return self.confirmed == confirmed
    }
  }

  private static let beforeAlarm = 3
  private static let memory: Duration = .seconds(600)
  private static let truce: Duration = .seconds(3600)

  private let subjects: [(key: LeaseKey, points: [Point])]
  private var watched: FlatMap<LeaseKey, Watched> = [:]

  init(_ site: SiteParameters) {
    subjects =
      site.hybrids.flatMap { hybrid -> [(LeaseKey, [Point])] in
        [
          (LeaseKey(device: hybrid.device, part: .battery), [.chargeLimit, .dischargeLimit, .storageControl]),
          (LeaseKey(device: hybrid.device, part: .production), [.productionLimit, .productionLimitActive]),
        ]
      } + site.chargers.map { (LeaseKey(device: $0.device, part: .charger), [.chargingCurrentLimit]) }
  }

  /// Whether the agent has stopped fighting over it.
  /// Of any device.
  func hasTruce(at now: MonotonicInstant) -> Bool {
    watched.indices.contains { watched[$0].value.truceUntil.map { now < $0 } ?? false }
  }

  func isTruce(_ key: LeaseKey, at now: MonotonicInstant) -> Bool {
    watched[key]?.truceUntil.map { now < $0 } ?? false
  }

  /// Once a cycle, after reports were taken and before anything is planned.
  mutating func step(_ leases: inout LeaseBook, _ snapshot: SiteSnapshot) -> [Event] {
    var events: [Event] = []
    for (key, points) in subjects {
      guard let confirmed = leases.settled(key),
        let now = Self.read(key.device, points, since: confirmed, snapshot)
      else { continue }
      let fresh = Watched(confirmed: confirmed, own: now)
      guard watched[key, default: fresh].contradicts(now, confirmed) else { continue }
      leases.contradicted(key)
      if let event = Self.strike(&watched[key, default: fresh], key, snapshot.now) { events.append(event) }
    }
    return events
  }

  private static func strike(_ state: inout Watched, _ key: LeaseKey, _ now: Moment) -> Event? {
    state.strikes.removeAll { now.monotonic - $0 > memory }
    state.strikes.append(now.monotonic)
    guard state.strikes.count >= beforeAlarm else { return nil }
    // Still at it after a truce: that is nothing new.
    let isNews = state.truceUntil == nil
    state.truceUntil = now.monotonic + truce
    state.strikes = []
    guard isNews else { return nil }
    let text =
      "\(key.device)'s \(key.part) settings were changed \(beforeAlarm) times while the agent's lease ran: a second controller "
      + "writes them; until that ends the agent writes only what protects"
    return Event(at: now, name: "second-controller", severity: .alarm, device: key.device, text: text)
  }

  /// Nil until every setting that the device tells was read after `since`.
  private static func read(
    _ device: DeviceID, _ points: [Point], since: MonotonicInstant, _ snapshot: SiteSnapshot
  ) -> [Double?]? {
    guard let told = snapshot.observations[device] else { return nil }
    var isTold = false
    for point in points {
      guard let found = told[point], found.quality != .notImplemented else { continue }
      guard found.quality == .good, let measured = found.measured?.monotonic, measured > since else { return nil }
      isTold = isTold || found.value != nil
    }
    guard isTold else { return nil }
    return points.map { point in told[point].flatMap { $0.quality == .notImplemented ? nil : $0.value } }
  }
}
